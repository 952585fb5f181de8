-- Of the news of one topic the newest counts, also once it is sent or given up: an older one that comes late is not told.
DROP INDEX messaging.mail_topic;
CREATE INDEX mail_topic ON messaging.mail (topic, created_at) WHERE topic IS NOT NULL;
