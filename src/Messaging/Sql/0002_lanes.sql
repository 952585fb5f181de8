-- Mails that somebody waits for (codes, links) have a lane of their own before the others, and in each lane every address has its turn. The turn is a number of 1,024 that
-- many addresses share: it tells nobody's address.
ALTER TABLE messaging.mail ADD COLUMN awaited boolean NOT NULL DEFAULT false;
ALTER TABLE messaging.mail ADD COLUMN turn smallint NOT NULL DEFAULT 0;
DROP INDEX messaging.mail_waiting;
CREATE INDEX mail_waiting ON messaging.mail (awaited, next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL;
