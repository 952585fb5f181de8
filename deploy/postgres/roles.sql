-- Run once, as a superuser, on a server of your own: psql -v owner_password=… -v app_password=… -v ingest_password=… -v worker_password=… -f roles.sql
-- The program never needs a superuser. Every role is bound by row-level security.
CREATE ROLE tollgate_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE tollgate_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'app_password';
CREATE ROLE tollgate_ingest LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'ingest_password';
CREATE ROLE tollgate_worker LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'worker_password';
CREATE DATABASE tollgate OWNER tollgate_owner ENCODING 'UTF8' TEMPLATE template0;
\connect tollgate
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE tollgate FROM PUBLIC;
-- The shipper copies a batch into a temporary table first, because COPY is refused under row-level security.
GRANT TEMPORARY ON DATABASE tollgate TO tollgate_ingest;
