-- Stored answers are sealed again when the key of the secrets changes. The worker sees ciphertext.
GRANT SELECT, UPDATE (answer) ON foundation.idempotency_key TO tollgate_worker;
CREATE POLICY worker_seals ON foundation.idempotency_key FOR UPDATE TO tollgate_worker USING (true) WITH CHECK (true);
