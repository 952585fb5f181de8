using Microsoft.Extensions.Logging;

namespace Tollgate.Metering.Shipping;

internal sealed partial class Shipper
{
    [LoggerMessage(3102, LogLevel.Information, "Journal {Journal}: the position was moved by somebody else; reading it again.")]
    private static partial void LogMoved(ILogger logger, Guid journal);

    [LoggerMessage(3103, LogLevel.Error, "Journal {Journal}: the record at {Offset} cannot be stored and was put into metering.rejected_record.")]
    private static partial void LogRejected(ILogger logger, Exception exception, Guid journal, long offset);

    [LoggerMessage(3104, LogLevel.Warning, "Journal {Journal}: events between {From} and {Next} are in the request log already and are left out.")]
    private static partial void LogAlready(ILogger logger, Guid journal, long from, long next);

    [LoggerMessage(3105, LogLevel.Warning, "Journal {Journal} could not be shipped; the next attempt is in {Wait}.")]
    private static partial void LogFailed(ILogger logger, Exception exception, Guid journal, TimeSpan wait);

    [LoggerMessage(3106, LogLevel.Warning, "{Bytes} bytes of the journal were not shipped before the stop; the next start ships them.")]
    private static partial void LogLeft(ILogger logger, Exception exception, long bytes);
}
