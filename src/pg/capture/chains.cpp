// Which chains of workflows what is captured belongs to.
#include <algorithm>

#include "pg/capture/event_log.h"

namespace workflow::pg {

constinit int32_t capture_chains = -1;

namespace {

// Made when the first chain is kept: a static with a constructor would run at load.
constinit std::vector<Chains>* kept_chains = nullptr;

}  // namespace

int32_t KeepChains(Chains chains) {
  if (kept_chains == nullptr) kept_chains = new std::vector<Chains>();
  std::sort(chains.all.begin(), chains.all.end());
  chains.all.erase(std::unique(chains.all.begin(), chains.all.end()), chains.all.end());
  kept_chains->push_back(std::move(chains));
  return static_cast<int32_t>(kept_chains->size()) - 1;
}

std::string ChainsText(int32_t number, int32_t source, const std::string& key) {
  if (number < 0 || kept_chains == nullptr || static_cast<size_t>(number) >= kept_chains->size()) return {};
  const Chains& chains = (*kept_chains)[static_cast<size_t>(number)];
  const auto own = chains.rows.find({source, key});
  if (chains.all.empty()) return {};
  std::string text = "\"chains\":[";
  if (own != chains.rows.end()) return text + std::to_string(own->second) + "],";
  for (size_t i = 0; i < chains.all.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(chains.all[i]);
  return text + "],";
}

void ForgetChains() noexcept {
  if (kept_chains != nullptr) kept_chains->clear();
}

}  // namespace workflow::pg
