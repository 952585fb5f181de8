using Tollgate.Admission;
using Tollgate.Metering;
using Tollgate.Gateway.Listener;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Puts a call into the journal before its answer leaves, and gives back what an answer did not cost. Each call ends in exactly one event; a second
/// attempt is a bug and throws.
/// </summary>
internal sealed class CallJournal(IUsageJournal journal, IAdmission admission, GatewayOptions options)
{
    /// <summary>False when a call must be refused because nothing could be recorded of it.</summary>
    public bool CanServe => options.ServeUnmetered || journal.Writable;

    /// <summary>The call's only record: its answer is complete in hand, or refused.</summary>
    /// <exception cref="JournalFullException">Nothing was written, and unmetered calls are not served.</exception>
    public ValueTask AppendAsync(Call call, int status, UsageOutcome outcome, RefusalReason reason, bool billable)
    {
        call.Journal.Enter(JournalState.Phase.None, JournalState.Phase.Done);
        if (!journal.TryAppend(call.ToEvent(status, outcome, reason, billable)))
            return AppendLaterAsync(call, status, outcome, reason, billable);
        SettleBytes(call, billable);
        return ValueTask.CompletedTask;
    }

    /// <summary>For a call that nobody waits for any more: a full journal is not news to anyone.</summary>
    public async ValueTask TryAppendAsync(Call call, int status, UsageOutcome outcome, RefusalReason reason, bool billable)
    {
        try
        {
            await AppendAsync(call, status, outcome, reason, billable).ConfigureAwait(false);
        }
        catch (JournalFullException)
        {
            // Not recorded, so not billed.
            GiveBack(call);
        }
    }

    /// <summary>Before the first byte of an answer whose end is not in hand. Until its end it counts as interrupted and billable.</summary>
    /// <exception cref="JournalFullException">Nothing was written, and unmetered calls are not served.</exception>
    public async ValueTask BeginAsync(Call call, int status)
    {
        call.Journal.Enter(JournalState.Phase.None, JournalState.Phase.Open);
        try
        {
            while (!TryBegin(call, status))
                await journal.WaitForSegmentAsync().ConfigureAwait(false);
        }
        catch (JournalFullException)
        {
            Miss(call.Journal);
        }
    }

    public void Checkpoint(Call call)
    {
        lock (call.Journal)
        {
            if (call.Journal.Current == JournalState.Phase.Open && call.Journal.Open is { } open)
                journal.Checkpoint(open, call.ElapsedMicros, call.BytesIn, call.BytesOut, call.AmountsWith(call.BytesOut));
        }
    }

    public void End(Call call, int status, UsageOutcome outcome)
    {
        // A checkpoint must not follow the end of its stream.
        lock (call.Journal)
        {
            call.Journal.Enter(JournalState.Phase.Open, JournalState.Phase.Done);
            if (call.Journal.Open is { } open)
                journal.End(open, call.ToEvent(status, outcome, RefusalReason.None, billable: true));
        }
        SettleBytes(call, billable: true);
    }

    /// <summary>Once: a second time is without effect.</summary>
    public void GiveBack(Call call)
    {
        if (!call.Decision.Admitted || call.Journal.GivenBack)
            return;
        call.Journal.GivenBack = true;
        admission.GiveBack(call.Decision);
    }

    /// <summary>The last resort, when something threw that nobody foresaw: what has begun is closed, and what was never recorded costs nothing.</summary>
    public void Abandon(Call call)
    {
        if (call.Journal.Current == JournalState.Phase.Open)
            End(call, call.Context.Response.StatusCode, UsageOutcome.Interrupted);
        else if (call.Journal.Current == JournalState.Phase.None)
            GiveBack(call);
    }

    // The disk is slower than the calls. Whoever else is on this thread does not wait with this one.
    private async ValueTask AppendLaterAsync(Call call, int status, UsageOutcome outcome, RefusalReason reason, bool billable)
    {
        try
        {
            do
                await journal.WaitForSegmentAsync().ConfigureAwait(false);
            while (!journal.TryAppend(call.ToEvent(status, outcome, reason, billable)));
        }
        catch (JournalFullException)
        {
            Miss(call.Journal);
        }
        SettleBytes(call, billable);
    }

    private bool TryBegin(Call call, int status)
    {
        // A checkpoint must not find it half open.
        lock (call.Journal)
        {
            if (!journal.TryBegin(call.ToEvent(status, UsageOutcome.Interrupted, RefusalReason.None, billable: true), out var open))
                return false;
            call.Journal.Open = open;
            return true;
        }
    }

    private void Miss(JournalState state)
    {
        if (options.ServeUnmetered)
            return;
        state.Leave();
        throw new JournalFullException();
    }

    private void SettleBytes(Call call, bool billable)
    {
        if (!billable || call.BytesOut == 0 || !call.LimitsBytes())
            return;
        var bytes = default(MeterAmounts);
        bytes[0] = new MeterAmount(Meter.BytesOut.Code, call.BytesOut);
        admission.Settle(call.Decision, bytes);
    }
}

/// <summary>Where a call stands in the journal.</summary>
internal sealed class JournalState
{
    internal enum Phase
    {
        None,
        Open,
        Done,
    }

    public Phase Current { get; private set; }

    /// <summary>Null for a stream that is served without a record, because the operator chose so for a full journal.</summary>
    public OpenUsage? Open { get; set; }

    public bool GivenBack { get; set; }

    public void Enter(Phase from, Phase to)
    {
        if (Current != from)
            throw new InvalidOperationException($"A call in phase {Current} of the journal cannot go from {from} to {to}.");
        Current = to;
    }

    /// <summary>Nothing could be recorded. What was given back stays so.</summary>
    public void Leave() => (Current, Open) = (Phase.None, null);

    /// <summary>For another call.</summary>
    public void Reset() => (Current, Open, GivenBack) = (Phase.None, null, false);
}
