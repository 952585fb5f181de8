-- Several signing keys of access tokens: the newest whose time has come signs, all that are here verify. A new one is published before it signs.
ALTER TABLE identity.module_key DROP CONSTRAINT module_key_purpose_key;
ALTER TABLE identity.module_key ADD COLUMN signs_from timestamptz;
UPDATE identity.module_key SET signs_from = created_at;
ALTER TABLE identity.module_key ALTER COLUMN signs_from SET DEFAULT now(), ALTER COLUMN signs_from SET NOT NULL;
CREATE INDEX module_key_purpose ON identity.module_key (purpose, signs_from);
GRANT DELETE ON identity.module_key TO tollgate_worker;
