-- The provider is suspended: a copy of what Identity knows, as organization_slug is one. The gateway serves none of its APIs.
ALTER TABLE gateway.api ADD COLUMN suspended boolean NOT NULL DEFAULT false;
GRANT UPDATE (suspended) ON gateway.api TO tollgate_app;
