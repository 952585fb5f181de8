-- The consumer is suspended: a copy of what Identity knows, so that every derivation of what it may use knows it too.
ALTER TABLE plans.subscription ADD COLUMN suspended boolean NOT NULL DEFAULT false;
GRANT UPDATE (suspended) ON plans.subscription TO tollgate_app;
