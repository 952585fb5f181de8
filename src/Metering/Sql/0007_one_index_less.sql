-- Each index of the log costs a tenth of what PostgreSQL does for a call. A consumer's whole log is read by its subscriptions, which are few.
DROP INDEX metering.request_log_organization;
