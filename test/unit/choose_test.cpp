#include "core/message/choose.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

TemplateWish Wish(std::string locale, std::optional<int32_t> version = std::nullopt) { return {"email", "acme", std::move(locale), version}; }

// D15, E15: the account's own first; then the contact's locale, its language, the default.
TEST(ChooseTemplate, D15_E15_AccountThenLocaleThenLanguageThenDefault) {
  const TemplateKey own_default{"email", "", "acme", 1}, locale{"email", "pt-BR", "", 1}, language{"email", "pt", "", 1}, plain{"email", "", "", 1};
  const TemplateWish wish = Wish("pt_BR");
  EXPECT_GT(TemplateRank(own_default, wish), TemplateRank(locale, wish));
  EXPECT_GT(TemplateRank(locale, wish), TemplateRank(language, wish));
  EXPECT_GT(TemplateRank(language, wish), TemplateRank(plain, wish));
  EXPECT_GT(TemplateRank(plain, wish), 0);
}

TEST(ChooseTemplate, OthersDoNotServe) {
  EXPECT_EQ(TemplateRank({"sms", "", "", 1}, Wish("pt")), 0);
  EXPECT_EQ(TemplateRank({"email", "", "other", 1}, Wish("pt")), 0);
  EXPECT_EQ(TemplateRank({"email", "es", "", 1}, Wish("pt")), 0);
  EXPECT_EQ(TemplateRank({"email", "es", "", 1}, Wish("")), 0);
  EXPECT_EQ(TemplateRank({"email", "", "", 2}, Wish("", 1)), 0);
  EXPECT_GT(TemplateRank({"email", "", "", 1}, Wish("", 1)), 0);
}

TEST(ChooseTemplate, A14_A15_ChannelsGoToTheFieldsThatHoldTheirAddress) {
  EXPECT_EQ(AddressField("email"), "email");
  EXPECT_EQ(AddressField("sms"), "phone");
  EXPECT_EQ(AddressField("whatsapp"), "phone");
  EXPECT_EQ(AddressField("push"), "push_token");
  EXPECT_EQ(AddressField("audience"), "");
}

}  // namespace
}  // namespace workflow
