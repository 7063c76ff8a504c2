/**
 * Words of SQL by which it may learn who asks, or runs text that is put together elsewhere. In lower case; those
 * of `u&"…"` are hidden in escapes.
 */
export const SESSION_WORDS =
  'current_setting|set_config|pg_settings|pg_show_all_settings|_to_xml|ts_stat|ts_rewrite|dblink|u&["\']'

/** In a string of SQL. */
const ASKS_SESSION = SESSION_WORDS.replaceAll("'", "''")

/** Without one of these words, and calls, PL/pgSQL changes nothing but the row at hand. */
const WRITING =
  '\\m(insert|update|delete|merge|truncate|execute|perform|call|select|copy|notify)\\M|\\('

/** All that ends a word of SQL, in SQL: what remains of a text is words and spaces. */
const NO_WORDS = `'!"#$%&''()*+,-./:;<=>?@[\\]^{|}~' || chr(96) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)`

function wordsOf(text: string): string {
  return `btrim(translate(lower(${text}), ${NO_WORDS}, repeat(' ', 37)))`
}

/**
 * One row with one column, a JSON text that `parseCatalog` reads; equal for equal catalogs. Only names leave
 * the database, no rows. Hasura's own triggers (those of event triggers, and the one its console offers for
 * `updated_at`) write nothing that an answer could show, nor do those that come with Postgres.
 *
 * Of a function it tells whether it may ask who asks: its text says so, or cannot tell, being neither SQL nor
 * immutable; or what it `mentions` does, which is any function or relation whose name is one of its words.
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
), routine AS (
  SELECT p.oid, p.proname, p.provolatile, p.prorettype, n.nspname || '.' || p.proname AS name,
    n.nspname <> 'hdb_catalog' AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    ) AS is_own,
    -- An aggregate says that it is immutable, whatever its parts are.
    p.provolatile <> 'v' AND (p.provolatile = 'i' OR l.lanname = 'sql') AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid
    ) AS is_readable,
    CASE WHEN p.provolatile = 'v' THEN ''
      WHEN l.lanname = 'sql' THEN pg_catalog.pg_get_functiondef(p.oid)
      WHEN p.provolatile = 'i' THEN concat(p.prosrc, ' ', pg_catalog.pg_get_expr(p.proargdefaults, 0))
      ELSE '' END AS body
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
), opaque AS (
  SELECT DISTINCT proname FROM routine WHERE NOT is_own AND provolatile <> 'i'
), name_word AS (
  SELECT reference, split_part(words, ' ', 1) AS word FROM (
    SELECT 'f ' || name AS reference, ${wordsOf('proname')} AS words FROM routine WHERE is_own
    UNION SELECT 'r ' || r.name, ${wordsOf('c.relname')}
      FROM relation r JOIN pg_catalog.pg_class c ON c.oid = r.oid
    UNION SELECT 'opaque', ${wordsOf('proname')} FROM opaque
  ) named
), body_word AS (
  SELECT r.oid, word FROM routine r,
    unnest(string_to_array(${wordsOf('r.body')}, ' ')) AS word
  WHERE r.is_own AND r.is_readable
), mention AS (
  SELECT DISTINCT b.oid, w.reference FROM body_word b JOIN name_word w ON w.word = b.word OR w.word = ''
)
SELECT json_build_object(
  'relations', (
    SELECT coalesce(json_agg(json_build_object(
      'name', r.name,
      'kind', r.kind,
      'readsSession', r.relrowsecurity
        OR (r.kind IN ('v', 'm') AND pg_catalog.pg_get_viewdef(r.oid) ~* '${ASKS_SESSION}'),
      'callsFunctions', EXISTS (
        SELECT 1 FROM view_dependency d WHERE d.view = r.oid AND d.refclassid IN (
          'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)),
      'hasTriggers', EXISTS (
        SELECT 1 FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
          AND n.nspname NOT IN ('pg_catalog', 'hdb_catalog')
          AND NOT (p.proname = 'set_current_timestamp_updated_at'
            AND replace(lower(p.prosrc), 'now()', '') !~ '${WRITING}')
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
          'type', CASE WHEN a.attcollation = t.typcollation
            AND t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname END
        ) ORDER BY k.position)
        FROM unnest(c.conkey) WITH ORDINALITY AS k (number, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      )
    ) ORDER BY r.name), '[]')
    FROM pg_catalog.pg_constraint c JOIN relation r ON r.oid = c.conrelid
    WHERE c.contype = 'p'
  ),
  'columns', (
    SELECT coalesce(json_agg(json_build_object(
      'relation', typed.name, 'type', typed.typname, 'names', typed.names
    ) ORDER BY typed.name, typed.typname), '[]')
    FROM (
      SELECT r.name, t.typname, json_agg(a.attname ORDER BY a.attnum) AS names
      FROM relation r
      JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_catalog.pg_type t
        ON t.oid = a.atttypid AND t.typnamespace = 'pg_catalog'::regnamespace
      WHERE t.typname IN ('bool', 'int4', 'text', 'varchar', 'uuid')
      GROUP BY r.name, t.typname
    ) typed
  ),
  'calls', (
    SELECT coalesce(json_agg(DISTINCT jsonb_build_array(r.name,
      CASE WHEN f.is_own THEN f.name END)), '[]')
    FROM relation r JOIN view_dependency d ON d.view = r.oid
    LEFT JOIN pg_catalog.pg_operator o
      ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
    LEFT JOIN routine f ON f.oid = coalesce(o.oprcode, d.refobjid)
    WHERE r.kind = 'v'
      AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
      AND (f.oid IS NULL OR f.is_own OR f.provolatile <> 'i')
  ),
  'implicit', (
    SELECT coalesce(json_agg(DISTINCT f.name), '[]') FROM routine f
    WHERE f.is_own AND (
      EXISTS (SELECT 1 FROM pg_catalog.pg_operator o WHERE o.oprcode = f.oid)
      OR EXISTS (SELECT 1 FROM pg_catalog.pg_cast k WHERE k.castfunc = f.oid))
  ),
  'opaque', (SELECT coalesce(json_agg(o.proname ORDER BY o.proname), '[]') FROM opaque o),
  'functions', (
    SELECT coalesce(json_agg(json_build_object(
      'name', f.name,
      'volatility', f.provolatile::text,
      'returns', result.name,
      'asksSession', NOT f.is_readable OR f.body ~* '${ASKS_SESSION}'
        OR EXISTS (SELECT 1 FROM mention m WHERE m.oid = f.oid AND m.reference = 'opaque'),
      'mentions', (
        SELECT coalesce(json_agg(m.reference ORDER BY m.reference), '[]') FROM mention m
        WHERE m.oid = f.oid AND m.reference <> 'opaque')
    ) ORDER BY f.name, f.oid), '[]')
    FROM routine f
    JOIN pg_catalog.pg_type t ON t.oid = f.prorettype
    LEFT JOIN relation result ON result.oid = t.typrelid
    WHERE f.is_own
  )
)::text AS catalog`
