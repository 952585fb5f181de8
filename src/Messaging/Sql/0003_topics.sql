-- News of one matter to one person: the newest takes the place of those before it that are not sent yet.
ALTER TABLE messaging.mail ADD COLUMN topic text;
CREATE INDEX mail_topic ON messaging.mail (topic) WHERE topic IS NOT NULL AND sent_at IS NULL AND failed_at IS NULL;
