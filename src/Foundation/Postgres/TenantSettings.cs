using Npgsql;
using NpgsqlTypes;

namespace Tollgate.Foundation.Postgres;

/// <summary>Tells the transaction on whose behalf it runs. Local to the transaction: a pooled connection never carries it further.</summary>
internal static class TenantSettings
{
    private const string Sql = "SELECT set_config('tollgate.account', $1, true), set_config('tollgate.organizations', $2, true), set_config('tollgate.operator', $3, true)";

    // One round trip: Npgsql sends BEGIN together with the first command of a transaction.
    public static async Task ApplyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, TenantContext tenant, CancellationToken cancellation)
    {
        var command = new NpgsqlCommand(Sql, connection, transaction);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Text(tenant.AccountId?.ToString() ?? ""));
            command.Parameters.Add(Text($"{{{string.Join(',', tenant.OrganizationIds)}}}"));
            command.Parameters.Add(Text(tenant.IsOperator ? "on" : ""));
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };
}
