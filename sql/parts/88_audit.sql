CREATE VIEW workflow.audit AS
SELECT a.at, a.who, a.role, a.action, a.account, a.object, a.detail FROM workflow.audit_entry a;
COMMENT ON VIEW workflow.audit IS
'Who did what, and when: definitions, states, templates, rights, tables attached and detached, and everything done to a contact by hand. detail has numbers and ids, no contents.';
