using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>
/// A product's limits over all its consumers: one more subscriber of the same limiter, taken from after the consumer's own allowances, which are given back
/// when it refuses.
/// </summary>
internal static class ProductLimiter
{
    public static AdmissionVerdict Take(Subscriber subscriber, in Terms all, in MeterAmounts meters, long now, ref AdmissionDecision decision)
    {
        var whole = default(AdmissionDecision);
        var verdict = Limiter.TryTake(all, meters, now, ref whole);
        if (verdict == AdmissionVerdict.Admitted)
        {
            for (var i = 0; i < whole.LimitCount; i++)
                decision.ProductStamps[(int)whole.Limits[i].Window] = whole.Stamps[i];
            return verdict;
        }
        Limiter.GiveBack(subscriber, decision);
        decision.Amounts = default;
        decision.Stamps = default;
        decision.Reason = whole.Reason;
        decision.RetryAfterSeconds = whole.RetryAfterSeconds;
        decision.LeaseMeter = whole.LeaseMeter;
        decision.LeaseNeed = whole.LeaseNeed;
        decision.LeaseOfProduct = true;
        Tell(whole, ref decision);
        return verdict;
    }

    public static void GiveBack(Subscriber product, in AdmissionDecision decision)
    {
        for (var window = Window.Second; window <= Window.Hour; window++)
            if (decision.ProductStamps[(int)window] is var stamp && stamp != 0 && product.FindCell(Meter.Requests.Code) is var number && number >= 0)
                WindowWord.GiveBack(ref product.All.Word(ref product.All.Cell(number), window), WindowWord.BaseBits(window), stamp, RequestsOf(decision.Amounts));
    }

    // The limit that refused is the tightest now, though it is not the consumer's own.
    private static void Tell(in AdmissionDecision whole, ref AdmissionDecision decision)
    {
        if (whole.Tightest < 0 || decision.LimitCount >= 8)
            return;
        decision.Limits[decision.LimitCount] = whole.Limits[whole.Tightest] with { OfProduct = true };
        decision.Tightest = decision.LimitCount++;
    }

    private static long RequestsOf(in MeterAmounts amounts)
    {
        long sum = 0;
        for (var i = 0; i < 4; i++)
            if (amounts[i].Meter == Meter.Requests.Code)
                sum += amounts[i].Amount;
        return sum;
    }
}
