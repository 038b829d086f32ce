// What claim() returns.
#include "pg/convert.h"
#include "pg/outbox/claim.h"
#include "pg/server/spi.h"

namespace workflow::pg {

// A request to another system bears the time and a signature of now.
void Claim::Sign() {
  std::vector<Leased*> requests;
  std::vector<std::string> headers, accounts;
  std::vector<std::optional<std::string>> bodies;
  std::vector<int32_t> workflows;
  for (Leased& message : leased_) {
    const auto column = [&](AttrNumber number, bool* is_null) {
      return CallBackend([&] { return heap_getattr(message.row, number, RelationGetDescr(message.table), is_null); });
    };
    bool absent = false;
    const Datum value = column(message_column::kHeaders, &absent);
    if (absent) continue;
    requests.push_back(&message);
    headers.push_back(JsonbText(value));
    accounts.push_back(TextOf(column(message_column::kAccount, &absent)));
    workflows.push_back(DatumGetInt32(column(message_column::kWorkflowId, &absent)));
    const Datum body = column(message_column::kBody, &absent);
    bodies.push_back(absent ? std::nullopt : std::optional(TextOf(body)));
  }
  if (requests.empty()) return;
  const Rows rows = Execute("SELECT workflow.signed_headers(u.headers::jsonb, u.body, u.account, u.workflow, $5)"
                            " FROM unnest($1::text[], $2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS u(headers, body, account, workflow, n) ORDER BY u.n",
                            Params().Texts(headers).Texts(bodies).Texts(accounts).Int4s(workflows).Time(ToInstant(present_)));
  bool is_null;
  for (size_t i = 0; i < rows.size(); ++i) requests[i]->headers = rows.Raw(i, 1, &is_null);
}

namespace {

// Of workflow.claimed, from where each column comes: a column of the message, or one of the claim's own.
enum : AttrNumber { kFromToken = -1, kFromLease = -2, kFromAttempt = -3, kFromEnrollment = -4 };
constexpr AttrNumber kClaimed[] = {
    message_column::kId, kFromToken, kFromLease, kFromAttempt, message_column::kChannel, message_column::kKind, message_column::kCategory,
    message_column::kAccount, message_column::kContactKey, message_column::kRecipient, message_column::kSender, message_column::kTemplate,
    message_column::kLocale, message_column::kSubject, message_column::kBody, message_column::kData, message_column::kHeaders,
    message_column::kMarkAsRead, message_column::kWorkflow, message_column::kVersion, message_column::kStep, kFromEnrollment,
    message_column::kIdempotencyKey, message_column::kDueAt, message_column::kExpiresAt, message_column::kCreatedAt};
constexpr int kClaimedColumns = static_cast<int>(std::size(kClaimed));

// As workflow.enrollment_uuid() has it.
void EnrollmentUuid(int64_t enrollment, pg_uuid_t* uuid) {
  static constexpr uint8_t kFixed[10] = {0, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0};
  memcpy(uuid->data, kFixed, sizeof(kFixed));
  for (int i = 0; i < 6; ++i) uuid->data[10 + i] = static_cast<uint8_t>(enrollment >> (40 - 8 * i));
}

}  // namespace

void Claim::Return(ReturnSetInfo* result) const {
  for (const Leased& message : leased_) {
    CallBackend([&] {
      const TupleDesc description = RelationGetDescr(message.table);
      Datum columns[message_column::kCount];
      bool absent[message_column::kCount];
      Datum values[kClaimedColumns];
      bool nulls[kClaimedColumns];
      pg_uuid_t token, enrollment;
      memcpy(token.data, token_->data(), token_->size());
      heap_deform_tuple(message.row, description, columns, absent);
      if (message.headers != 0) columns[message_column::kHeaders - 1] = message.headers;
      EnrollmentUuid(DatumGetInt64(columns[message_column::kEnrollment - 1]), &enrollment);
      for (int i = 0; i < kClaimedColumns; ++i) {
        const AttrNumber from = kClaimed[i];
        nulls[i] = from > 0 && absent[from - 1];
        values[i] = from > 0                ? columns[from - 1]
                    : from == kFromToken    ? UUIDPGetDatum(&token)
                    : from == kFromLease    ? TimestampTzGetDatum(lease_until_)
                    : from == kFromAttempt  ? Int32GetDatum(message.attempt)
                                            : UUIDPGetDatum(&enrollment);
      }
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    });
  }
}

}  // namespace workflow::pg
