using Tollgate.Foundation;

namespace Tollgate.Messaging.Mail;

internal sealed class MailCounters : IMetricSource
{
    private long _sent;
    private long _deferred;
    private long _failed;

    public void Sent() => Interlocked.Increment(ref _sent);

    public void Deferred() => Interlocked.Increment(ref _deferred);

    public void Failed() => Interlocked.Increment(ref _failed);

    public void WriteTo(MetricPage page)
    {
        page.Counters("tollgate_mails", "Mails by what became of them: sent, deferred (an attempt failed and another follows), failed (given up).");
        page.Add(Volatile.Read(ref _sent), ("outcome", "sent"));
        page.Add(Volatile.Read(ref _deferred), ("outcome", "deferred"));
        page.Add(Volatile.Read(ref _failed), ("outcome", "failed"));
    }
}
