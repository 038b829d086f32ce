// The names that conditions of a binding may use: the row's own fields, bare or after the entity, and the same before the change.
// They are decided while the host's statement runs, so what is known only after commit is refused here.
#pragma once

#include <string>
#include <vector>

#include "core/binding/binding.h"

namespace workflow::attaching {

class BindingScope final : public FieldScope {
 public:
  enum class Place : uint8_t {
    kEvent,  // `when` of an event: a change, so there is a before
    kLive,   // `live`: a state, so there is none
    kConsent,  // a state as well, but looked at after commit: queries are known
    kReply,    // the same, of a row that is a reply
  };
  // `broken`: names whose own declaration is already reported.
  BindingScope(Binding* binding, Place place, const std::vector<std::string>& broken);

  std::optional<uint32_t> Resolve(std::string_view name, const std::string& path, Problems* problems) override;
  std::optional<uint32_t> Old(uint32_t field, const std::string& path, Problems* problems) override;
  const Field& At(uint32_t field) const override;

 private:
  // The field, or a place inside a json field, that `name` means; nothing, without a problem, where it means none.
  std::optional<Field> Find(std::string_view name, const std::string& path, Problems* problems);
  std::optional<Field> FindFrom(std::string_view name);
  void ReportUnknown(std::string_view name, const std::string& path, Problems* problems) const;
  bool IsBroken(std::string_view name) const;

  Binding* binding_;
  Place place_;
  const std::vector<std::string>& broken_;
};

}  // namespace workflow::attaching
