-- What a server of PostgreSQL needs before anyone uses it: the roles with their passwords, a database for each, the
-- schemas of the tables, and who may do what. Run by psql at every start, as the superuser, on a new server and on one
-- in use alike: it adds what is missing and puts right what differs, so a start killed half-way is mended by the next.
--
-- Reads: the files with the passwords, in the folder of the variable `passwords`, and USE_POSTGRES from the environment.
-- The superuser's password is set too, unless the variable `keep_superuser` is there.
\set ON_ERROR_STOP on
\set VERBOSITY terse
\set QUIET on
-- A password is part of a statement here; none of them may reach the server's log.
set log_statement = 'none';
set log_min_error_statement = 'panic';
set log_min_duration_statement = -1;
set client_min_messages = 'warning';

\set use_postgres ''
\getenv use_postgres USE_POSTGRES
select lower(:'use_postgres') <> 'true' as is_unused \gset
\if :is_unused
  \warn 'USE_POSTGRES is not true, so nothing would use this database: add USE_POSTGRES=true to .env, or start it with make dev-postgres'
  do 'begin raise ''nothing is set up''; end';
\endif

\set postgres_password `cat :'passwords'/postgres_password`
\set mlflow_password `cat :'passwords'/mlflow_database_password`
\set relay_password `cat :'passwords'/relay_database_password`
\set relay_api_password `cat :'passwords'/api_database_password`
\set relay_monitor_password `cat :'passwords'/monitor_database_password`
\set airflow_password `cat :'passwords'/airflow_database_password`
select '' in (:'postgres_password', :'mlflow_password', :'relay_password', :'relay_api_password', :'relay_monitor_password',
  :'airflow_password') as is_missing \gset
\if :is_missing
  \warn 'a file with a password is missing or empty in' :passwords': make .env makes those that are missing'
  do 'begin raise ''nothing is set up''; end';
\endif

-- One at a time, however many start at once. The number is any that nobody else takes; the session's end gives it back.
select pg_advisory_lock(7205759404) \g /dev/null

begin;
select format('create role %I', role) from unnest(array['mlflow', 'relay', 'relay_api', 'relay_monitor', 'airflow']) as role
  where not exists (select from pg_roles where rolname = role) \gexec
alter role mlflow login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'mlflow_password';
alter role relay login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'relay_password';
alter role relay_api login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'relay_api_password';
alter role relay_monitor login nosuperuser nocreatedb nocreaterole noreplication nobypassrls
  password :'relay_monitor_password';
alter role airflow login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'airflow_password';
\if :{?keep_superuser}
\else
  select format('alter role %I password %L', current_user, :'postgres_password') \gexec
\endif
commit;

-- A database cannot be made inside a transaction. Nobody can be connected to template0, which would make this fail.
select format('create database %I template template0', name) from unnest(array['mlflow', 'relay', 'airflow']) as name
  where not exists (select from pg_database where datname = name) \gexec

begin;
alter database mlflow owner to mlflow;
alter database airflow owner to airflow;
-- By itself PostgreSQL lets every role connect to every database.
revoke all on database postgres, template1, mlflow, relay, airflow from public;
grant connect on database relay to relay, relay_api, relay_monitor;
grant temporary on database relay to relay;
commit;

-- The tables. `select * from linear_data` finds the processed one, else the raw one.
alter database relay set search_path = processed, raw, relay, public;
alter role relay in database relay set search_path = processed, raw, relay, public;
alter role relay_api in database relay set search_path = processed, raw, relay, public;

\connect relay
set client_min_messages = 'warning';
begin;
-- The other session and its lock ended with \connect.
select pg_advisory_xact_lock(7205759404) \g /dev/null
-- The stages publish here; the API reads.
create schema if not exists raw;
create schema if not exists processed;
create schema if not exists relay;
alter schema raw owner to relay;
alter schema processed owner to relay;
alter schema relay owner to relay;
grant usage on schema raw, processed, relay to relay_api;
grant select on all tables in schema raw, processed, relay to relay_api;
-- A table that is published anew is another table: it comes with the same rights.
alter default privileges for role relay in schema raw, processed, relay grant select on tables to relay_api;
-- The API makes its tables itself.
create schema if not exists prediction_log;
alter schema prediction_log owner to relay_api;
-- The monitor reads the log, and makes its own tables itself. The API shows them, and adds what people accept and decide:
-- it may not change what the monitor found.
create schema if not exists monitor;
alter schema monitor owner to relay_monitor;
grant usage on schema prediction_log to relay_monitor;
grant select on all tables in schema prediction_log to relay_monitor;
alter default privileges for role relay_api in schema prediction_log grant select on tables to relay_monitor;
grant usage on schema monitor to relay_api;
grant select, insert, delete on all tables in schema monitor to relay_api;
alter default privileges for role relay_monitor in schema monitor grant select, insert, delete on tables to relay_api;
commit;
\echo 'Databases mlflow, relay and airflow are ready, with their roles'
