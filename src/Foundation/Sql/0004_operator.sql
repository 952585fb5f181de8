-- True in a transaction that was opened for an operator's look over all tenants. It is set apart from the account, so that an operator's everyday requests
-- are bound like anybody's; which rows it opens is for each table's policy to say.
CREATE FUNCTION foundation.current_operator() RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(pg_catalog.current_setting('tollgate.operator', true), '') = 'on' $$;
