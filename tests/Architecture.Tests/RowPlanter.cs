namespace Tollgate.Architecture.Tests;

/// <summary>Puts a row into any table: the columns that say whose it is (both tenants', unless others are named) get the owner, all else that must not be null a value of its type. Checks and references are dropped first; the database is the test's own.</summary>
internal sealed class RowPlanter(SchemaFixture schema)
{
    public async Task PlantAsync(string table, Guid owner, params string[] owned) => await schema.ExecuteAsync(await StatementAsync(table, owner, owned));

    /// <summary>The INSERT of such a row.</summary>
    public async Task<string> StatementAsync(string table, Guid owner, params string[] owned)
    {
        var names = string.Join(", ", (owned.Length > 0 ? owned : ["organization_id", "provider_organization_id"]).Select(name => $"'{name}'"));
        await schema.ExecuteAsync($"""
            DO $$ DECLARE constraint_name name; BEGIN
              FOR constraint_name IN SELECT conname FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype IN ('c', 'f') LOOP
                EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I CASCADE', constraint_name);
              END LOOP;
            END $$;
            ALTER TABLE {table} DISABLE TRIGGER USER
            """);
        var columns = await schema.TextsAsync($"""
            SELECT quote_ident(attname) || '=' || CASE
                WHEN attname IN ({names}) THEN '''{owner}'''
                WHEN atttypid = 'uuid'::regtype THEN 'gen_random_uuid()'
                WHEN atttypid IN ('timestamptz'::regtype, 'date'::regtype) THEN 'now()'
                WHEN atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype) THEN '(random() * 30000)::int'
                WHEN atttypid = 'bool'::regtype THEN 'false'
                WHEN atttypid = 'bytea'::regtype THEN 'uuid_send(gen_random_uuid())'
                WHEN atttypid = 'jsonb'::regtype THEN '''[]'''
                WHEN atttypid IN ('text[]'::regtype, 'uuid[]'::regtype, 'int8[]'::regtype) THEN '''{'{'}{'}'}'''
                WHEN atttypid = 'inet'::regtype THEN '''192.0.2.1'''
                WHEN atttypid = 'text'::regtype THEN 'gen_random_uuid()::text'
                ELSE '''x''' END
            FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
              AND (attnotnull AND NOT atthasdef OR attname IN ({names}))
            """);
        var pairs = columns.Select(column => column.Split('=', 2)).ToList();
        return $"INSERT INTO {table} ({string.Join(", ", pairs.Select(p => p[0]))}) VALUES ({string.Join(", ", pairs.Select(p => p[1]))})";
    }
}
