-- Users at PostgreSQL, where the servers' user may not create tables. The owner of the database runs `optimus db migrate`
-- first; then an administrator runs this in the same database.

-- For `optimus serve`, `api` and `worker`.
CREATE ROLE optimus_server LOGIN PASSWORD 'secret';
GRANT USAGE ON SCHEMA optimus TO optimus_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA optimus TO optimus_server;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA optimus TO optimus_server;

-- For people and dashboards: the views alone.
CREATE ROLE optimus_reader LOGIN PASSWORD 'secret';
GRANT USAGE ON SCHEMA optimus TO optimus_reader;
GRANT SELECT ON optimus.jobs, optimus.reports TO optimus_reader;

-- For KEDA: `SELECT optimus.outstanding('python')`.
CREATE ROLE optimus_keda LOGIN PASSWORD 'secret';
GRANT USAGE ON SCHEMA optimus TO optimus_keda;
GRANT SELECT ON optimus.tally TO optimus_keda;
