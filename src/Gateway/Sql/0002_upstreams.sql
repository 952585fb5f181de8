-- upstream_url stays the first address, and is all there is to it as long as this is null.
ALTER TABLE gateway.api_upstream ADD COLUMN upstreams jsonb CHECK (jsonb_typeof(upstreams) = 'object');
COMMENT ON COLUMN gateway.api_upstream.upstreams IS 'Targets with their weights, balancing, checks and cool-offs; null for one address and nothing else';
GRANT UPDATE (upstreams) ON gateway.api_upstream TO tollgate_app;
