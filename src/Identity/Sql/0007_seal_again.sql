-- The module's keys are sealed again when the key of the secrets changes.
GRANT UPDATE (sealed) ON identity.module_key TO tollgate_worker;
-- An account that is disabled loses its API tokens.
GRANT UPDATE (ended_at) ON identity.api_token TO tollgate_worker;
