-- An organization may give up its slug: the gateway serves its APIs under the old one too, for as long as Identity holds it.
ALTER TABLE gateway.api ADD COLUMN former_slugs text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN gateway.api.former_slugs IS 'Copies, as organization_slug is one';
GRANT UPDATE (organization_slug, organization_name, former_slugs) ON gateway.api TO tollgate_app;
