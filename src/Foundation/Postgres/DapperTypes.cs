using System.Data;
using Dapper;

namespace Tollgate.Foundation.Postgres;

/// <summary>How columns become .NET values: snake_case names, times in UTC.</summary>
internal static class DapperTypes
{
    private static int _registered;

    public static void Register()
    {
        if (Interlocked.Exchange(ref _registered, 1) == 1)
            return;
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        // Dapper's own mapping would cast what Npgsql reads (a DateTime), and fail.
        Replace(typeof(DateTimeOffset), typeof(DateTimeOffset?), new UtcTime());
        Replace(typeof(DateOnly), typeof(DateOnly?), new Day());
    }

    private static void Replace(Type type, Type nullable, SqlMapper.ITypeHandler handler)
    {
        SqlMapper.RemoveTypeMap(type);
        SqlMapper.RemoveTypeMap(nullable);
        SqlMapper.AddTypeHandler(type, handler);
    }

    private sealed class UtcTime : SqlMapper.ITypeHandler
    {
        public void SetValue(IDbDataParameter parameter, object value) => parameter.Value = value is DateTimeOffset time ? time.ToUniversalTime() : value;

        public object? Parse(Type destinationType, object value) => value switch
        {
            null or DBNull => null,
            DateTimeOffset time => time.ToUniversalTime(),
            DateTime time => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)),
            _ => throw new InvalidCastException($"{value.GetType()} is no time."),
        };
    }

    private sealed class Day : SqlMapper.ITypeHandler
    {
        public void SetValue(IDbDataParameter parameter, object value)
        {
            parameter.DbType = DbType.Date;
            parameter.Value = value;
        }

        public object? Parse(Type destinationType, object value) => value switch
        {
            null or DBNull => null,
            DateOnly day => day,
            DateTime day => DateOnly.FromDateTime(day),
            _ => throw new InvalidCastException($"{value.GetType()} is no date."),
        };
    }
}
