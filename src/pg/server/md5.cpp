#include "pg/server/md5.h"

#include <openssl/evp.h>

namespace workflow::pg {

std::optional<Md5Sum> Md5Of(std::string_view text) {
  // Of this backend; never freed.
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "MD5", nullptr);
  static EVP_MD_CTX* const context = EVP_MD_CTX_new();
  Md5Sum sum = {};
  if (method == nullptr || context == nullptr || EVP_DigestInit_ex(context, method, nullptr) != 1 ||
      EVP_DigestUpdate(context, text.data(), text.size()) != 1 || EVP_DigestFinal_ex(context, sum.data(), nullptr) != 1) {
    return std::nullopt;
  }
  return sum;
}

}  // namespace workflow::pg
