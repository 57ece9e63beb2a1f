-- Three roles and the database; run once by a superuser through psql, which reads the passwords from files.
\set ON_ERROR_STOP on
\set owner_password `cat "${SECRETS:-/run/secrets}/owner.password"`
\set app_password `cat "${SECRETS:-/run/secrets}/app.password"`
\set reader_password `cat "${SECRETS:-/run/secrets}/reader.password"`
CREATE ROLE sunhall_owner LOGIN REPLICATION PASSWORD :'owner_password';
CREATE ROLE sunhall_app LOGIN PASSWORD :'app_password';
CREATE ROLE sunhall_reader LOGIN PASSWORD :'reader_password';
CREATE DATABASE sunhall OWNER sunhall_owner ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0;
REVOKE ALL ON DATABASE sunhall FROM PUBLIC;
GRANT CONNECT ON DATABASE sunhall TO sunhall_app, sunhall_reader;
