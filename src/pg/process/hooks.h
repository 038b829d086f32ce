// Statements that need a database without our worker in it find it gone: DROP DATABASE, CREATE DATABASE … TEMPLATE, ALTER DATABASE … RENAME TO and
// SET TABLESPACE. The worker is let back in when the statement has ended, however it ended. DROP EXTENSION finds it gone too, so that it waits for no
// round; then it is let back in when the transaction has ended.
#pragma once

namespace workflow::pg {

void InstallHooks();
void LetWorkerIn(bool aborted) noexcept;  // at the end of a transaction: undoes KeepWorkerOut()

}  // namespace workflow::pg
