namespace Tollgate.Foundation.Secrets;

/// <summary>Seals anew, a few rows a transaction, while the program runs: a row that changes meanwhile is left to its writer, who has the newest key too.</summary>
internal sealed class SecretRotation(SecretBox box, IDatabase database, IEnumerable<SealedColumn> columns) : ISecretRotation
{
    private const int Batch = 200;
    private byte[]? _counted;

    public bool AddKey()
    {
        if (box.Path is not { } path)
            return false;
        KeyFile.Add(path);
        return true;
    }

    public async Task<IReadOnlyDictionary<string, int>> ResealAsync(CancellationToken cancellation)
    {
        var all = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            int done, count = 0;
            do
            {
                done = await database.AsWorkerAsync(session => ResealAsync(session, column), cancellation).ConfigureAwait(false);
                count += done;
            }
            while (done == Batch);
            all[$"{column.Table}.{column.Column}"] = count;
        }
        return all;
    }

    public async Task<int> CountOldAsync(CancellationToken cancellation)
    {
        var (count, newest) = (0, box.NewestId);
        foreach (var column in columns)
            count += await CountOldAsync(column, newest, cancellation).ConfigureAwait(false);
        _counted = newest;
        return count;
    }

    public Task<int> CountOldAsync(SealedColumn column, CancellationToken cancellation) => CountOldAsync(column, _counted ?? box.NewestId, cancellation);

    public void ForgetOldKeys()
    {
        // Another may have been added since it was counted what the others are needed for.
        if (box.Path is { } path && _counted is { } newest)
            KeyFile.ForgetOlder(path, newest);
    }

    private Task<int> CountOldAsync(SealedColumn column, byte[] newest, CancellationToken cancellation) => database.AsWorkerAsync(session => session.QuerySingleAsync<int>(
        $"SELECT count(*)::int FROM {column.Table} WHERE {column.Column} IS NOT NULL AND substring({column.Column} FROM 2 FOR {KeyRing.IdLength}) <> @newest", new { newest }), cancellation);

    private async Task<int> ResealAsync(DbSession session, SealedColumn column)
    {
        var rows = await session.QueryAsync<Row>($"""
            SELECT ctid::text AS place, {column.PurposeSql} AS purpose, {column.Column} AS sealed FROM {column.Table}
            WHERE {column.Column} IS NOT NULL AND substring({column.Column} FROM 2 FOR {KeyRing.IdLength}) <> @newest LIMIT {Batch} FOR UPDATE
            """, new { newest = box.NewestId }).ConfigureAwait(false);
        foreach (var row in rows)
            await session.ExecuteAsync($"UPDATE {column.Table} SET {column.Column} = @anew WHERE ctid = @Place::tid",
                new { row.Place, anew = box.Seal(row.Purpose, box.Open(row.Purpose, row.Sealed)) }).ConfigureAwait(false);
        return rows.Count;
    }

    private sealed class Row
    {
        public string Place { get; init; } = "";

        public string Purpose { get; init; } = "";

        public byte[] Sealed { get; init; } = [];
    }
}
