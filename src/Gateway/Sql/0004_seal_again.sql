-- An upstream's secrets are sealed again when the key of the secrets changes.
GRANT UPDATE (headers, signing_secret) ON gateway.api_upstream TO tollgate_worker;
CREATE POLICY worker_seals ON gateway.api_upstream FOR UPDATE TO tollgate_worker USING (true) WITH CHECK (true);
