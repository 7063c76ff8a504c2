/**
 * One row with one column, a JSON text that `parseCatalog` reads; equal for equal catalogs. Only names leave
 * the database, no rows. Hasura's own triggers (those of event triggers, and the one its console offers for
 * `updated_at`) write nothing that an answer could show, nor do those that come with Postgres.
 */
export const CATALOG_QUERY = `
WITH relation AS (
  SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind::text AS kind, c.relrowsecurity
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'hdb_catalog')
    AND n.nspname NOT LIKE 'pg\\_%'
), view_dependency AS (
  SELECT DISTINCT w.ev_class AS view, d.refclassid, d.refobjid
  FROM pg_catalog.pg_rewrite w
  JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
  WHERE w.rulename = '_RETURN' AND d.refobjid <> w.ev_class
)
SELECT json_build_object(
  'relations', (
    SELECT coalesce(json_agg(json_build_object(
      'name', r.name,
      'kind', r.kind,
      'readsSession', r.relrowsecurity
        OR (r.kind IN ('v', 'm') AND pg_catalog.pg_get_viewdef(r.oid) LIKE '%current_setting%'),
      'callsFunctions', EXISTS (
        SELECT 1 FROM view_dependency d WHERE d.view = r.oid AND d.refclassid IN (
          'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)),
      'hasTriggers', EXISTS (
        SELECT 1 FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
          AND n.nspname NOT IN ('pg_catalog', 'hdb_catalog')
          AND t.tgname NOT LIKE 'notify\\_hasura\\_%'
          AND p.proname <> 'set_current_timestamp_updated_at'
      ) OR EXISTS (
        SELECT 1 FROM pg_catalog.pg_rewrite w WHERE w.ev_class = r.oid AND w.rulename <> '_RETURN')
    ) ORDER BY r.name), '[]') FROM relation r
  ),
  'views', (
    SELECT coalesce(json_agg(json_build_array(
      r.name, coalesce(target.name, d.refobjid::regclass::text)
    ) ORDER BY r.name, target.name, d.refobjid), '[]')
    FROM relation r JOIN view_dependency d
      ON d.view = r.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    LEFT JOIN relation target ON target.oid = d.refobjid
  ),
  'inheritance', (
    SELECT coalesce(json_agg(json_build_array(child.name, parent.name)
      ORDER BY child.name, parent.name), '[]')
    FROM pg_catalog.pg_inherits i
    JOIN relation child ON child.oid = i.inhrelid
    JOIN relation parent ON parent.oid = i.inhparent
  ),
  'foreignKeys', (
    SELECT coalesce(json_agg(json_build_object(
      'from', referring.name,
      'columns', (
        SELECT json_agg(a.attname ORDER BY k.position)
        FROM unnest(c.conkey) WITH ORDINALITY AS k (number, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
      ),
      'to', referred.name,
      'onDelete', c.confdeltype::text,
      'onUpdate', c.confupdtype::text
    ) ORDER BY referring.name, c.conname), '[]')
    FROM pg_catalog.pg_constraint c
    JOIN relation referring ON referring.oid = c.conrelid
    JOIN relation referred ON referred.oid = c.confrelid
    WHERE c.contype = 'f'
  ),
  'primaryKeys', (
    SELECT coalesce(json_agg(json_build_object(
      'relation', r.name,
      'columns', (
        SELECT json_agg(json_build_object(
          'name', a.attname,
          -- Under a collation of its own, texts that differ may be equal.
          'type', CASE WHEN a.attcollation = t.typcollation THEN t.typname END
        ) ORDER BY k.position)
        FROM unnest(c.conkey) WITH ORDINALITY AS k (number, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      )
    ) ORDER BY r.name), '[]')
    FROM pg_catalog.pg_constraint c JOIN relation r ON r.oid = c.conrelid
    WHERE c.contype = 'p'
  ),
  'functions', (
    SELECT coalesce(json_agg(json_build_object(
      'name', n.nspname || '.' || p.proname,
      'volatility', p.provolatile::text,
      'returns', result.name
    ) ORDER BY n.nspname, p.proname, p.oid), '[]')
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_type t ON t.oid = p.prorettype
    LEFT JOIN relation result ON result.oid = t.typrelid
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'hdb_catalog')
      AND NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  )
)::text AS catalog`
