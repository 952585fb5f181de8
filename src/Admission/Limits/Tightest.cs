using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>Which of the violated allowances is told: the one that takes longest to reset, for a try before that is in vain.</summary>
internal struct Refusal
{
    private int _resetSeconds;
    private int _place;
    private Window _window;

    public readonly bool Any => _resetSeconds > 0;

    public void Add(Window window, int resetSeconds, int place)
    {
        if (resetSeconds <= _resetSeconds)
            return;
        _resetSeconds = resetSeconds;
        _place = place;
        _window = window;
    }

    public readonly void WriteTo(ref AdmissionDecision decision)
    {
        decision.RetryAfterSeconds = _resetSeconds;
        decision.Reason = _window is Window.Second or Window.Minute ? RefusalReason.Rate : RefusalReason.Quota;
        decision.Tightest = _place < decision.LimitCount ? _place : -1;
    }
}

/// <summary>The lease that is spent; of several the one that lacks most.</summary>
internal struct Lacking
{
    private long _missing;
    private byte _meter;

    public readonly bool Any => _missing > 0;

    public void Add(byte meter, long missing)
    {
        if (missing <= _missing)
            return;
        _missing = missing;
        _meter = meter;
    }

    public readonly void WriteTo(ref AdmissionDecision decision)
    {
        decision.LeaseMeter = _meter;
        decision.LeaseNeed = _missing;
        decision.RetryAfterSeconds = 1;
    }
}

internal static class Tightest
{
    /// <summary>The least share left; a charged allowance only when there is no other, because it never refuses.</summary>
    public static void MarkOnSuccess(ref AdmissionDecision decision)
    {
        decision.Tightest = -1;
        var least = double.MaxValue;
        for (var i = 0; i < decision.LimitCount; i++)
        {
            var limit = decision.Limits[i];
            var share = (limit.Limit == 0 ? 0 : (double)limit.Remaining / limit.Limit) + (limit.Charged ? 2 : 0);
            if (share < least)
            {
                least = share;
                decision.Tightest = i;
            }
        }
    }
}
