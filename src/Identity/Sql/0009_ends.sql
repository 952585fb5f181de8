-- What has ended goes: refresh tokens before their successors, sessions past their absolute end, and all that a deleted account had.
ALTER TABLE identity.refresh_token DROP CONSTRAINT refresh_token_parent_id_fkey;
ALTER TABLE identity.refresh_token ADD CONSTRAINT refresh_token_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES identity.refresh_token ON DELETE SET NULL;
CREATE INDEX refresh_token_expires ON identity.refresh_token (expires_at);
CREATE INDEX session_expires ON identity.session (expires_at);
CREATE INDEX known_device_last_used ON identity.known_device (last_used_at);

GRANT DELETE ON identity.api_token TO tollgate_worker;
-- The slugs of a deleted account's own organization are held like any that was given up.
GRANT UPDATE (retired_at, held_until) ON identity.organization_slug TO tollgate_worker;
