#include "core/delivery/sender.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

std::string For(const char* sender, const char* channel) {
  std::string error;
  const auto found = SenderFor(*Json::Parse(sender, &error), channel);
  return found ? found->Dump() : "nothing";
}

// definition, sender: texts are for every channel, an object is for the channel of its name and goes before them.
TEST(Sender, ByChannel) {
  constexpr const char* kSender = R"({"name": "Acme", "sms": {"phone": "+1", "name": "A"}, "email": {"email": "a@b.test"}})";
  EXPECT_EQ(For(kSender, "sms"), R"({"name":"A","phone":"+1"})");
  EXPECT_EQ(For(kSender, "email"), R"({"name":"Acme","email":"a@b.test"})");
  EXPECT_EQ(For(kSender, "push"), R"({"name":"Acme"})");
  EXPECT_EQ(For(R"({"sms": {"phone": "+1"}})", "email"), "nothing");
  EXPECT_EQ(For(R"({"email": "a@b.test"})", "email"), R"({"email":"a@b.test"})");
  EXPECT_EQ(For("7", "email"), "nothing");
}

}  // namespace
}  // namespace workflow
