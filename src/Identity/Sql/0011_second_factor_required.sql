-- An organization may ask a second factor of all its members. Whether one was shown, a session and an API token say of themselves; null and false, as rows of an older
-- version have it, is that none was.
ALTER TABLE identity.organization ADD COLUMN require_second_factor boolean NOT NULL DEFAULT false;
ALTER TABLE identity.session ADD COLUMN second_factor_at timestamptz;
ALTER TABLE identity.api_token ADD COLUMN second_factor boolean NOT NULL DEFAULT false;

GRANT UPDATE (require_second_factor) ON identity.organization TO tollgate_app;
GRANT SELECT (second_factor) ON identity.api_token TO tollgate_app;
