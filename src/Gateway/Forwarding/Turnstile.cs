using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Admission;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Metrics;
using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Who calls, and may they: the one way in for everything that needs a key, be it forwarded or built in.</summary>
internal sealed class Turnstile(IAdmission admission, CallJournal journal, OwnAnswers answers, RateLimitHeaders limits, UnknownKeyLimit unknown, GatewayMetrics metrics)
{
    private const int LongestKey = 256;
    private const long LongestWaitMicros = 1_000_000;

    /// <summary>True when the call is admitted. Else it has been answered, and recorded where a subscription could be named.</summary>
    public async ValueTask<bool> EnterAsync(Call call, MeterAmounts meters)
    {
        var admitted = Decide(call, meters);
        if (call.Decision.Verdict == AdmissionVerdict.Undecided)
            admitted = await DecideAgainAsync(call, meters).ConfigureAwait(false);
        if (!admitted)
        {
            await RefuseAsync(call).ConfigureAwait(false);
            return false;
        }
        if (journal.CanServe)
            return true;
        Leave(call);
        journal.GiveBack(call);
        call.Figures.Refused(Refusals.JournalUnavailable);
        await ProblemWriter.SendAsync(call.Context, Refusals.JournalUnavailable).ConfigureAwait(false);
        return false;
    }

    /// <summary>An admitted call has ended, however it did. Once for each that has entered.</summary>
    public void Leave(Call call) => admission.Release(call.Decision);

    [SkipLocalsInit]
    private bool Decide(Call call, in MeterAmounts meters)
    {
        var key = KeyHeader.Read(call.Context.Request.Headers);
        Span<byte> bytes = stackalloc byte[LongestKey];
        // Too long, or not ASCII: it must come out malformed, not as a shorter key that might exist.
        if (key.Length > LongestKey || !Ascii.IsValid(key))
            key = "?";
        var length = Encoding.ASCII.GetBytes(key, bytes);
        call.Decision = admission.Admit(bytes[..length], call.ApiId, meters, new CallOrigin(call.OperationId, call.Client));
        bytes.Clear();
        return call.Decision.Admitted;
    }

    // This node's part of a limit that nodes share is spent: once it has asked for more, the call is looked at again. Only such calls wait, and not for long.
    private async ValueTask<bool> DecideAgainAsync(Call call, MeterAmounts meters)
    {
        var began = call.ElapsedMicros;
        while (call.Decision.Verdict == AdmissionVerdict.Undecided && call.ElapsedMicros - began < LongestWaitMicros && await admission.LeaseAsync(call.Decision).ConfigureAwait(false))
            Decide(call, meters);
        return call.Decision.Admitted;
    }

    private Task RefuseAsync(Call call)
    {
        var problem = Refusals.Of(call.Decision);
        if (call.Decision.KeyKnown)
            return answers.EndAsync(call, problem, UsageOutcome.Refused, call.Decision.Reason, billable: false);
        // Guessing keys, or knocking without one, is not free: past so many an address is told to wait.
        if (call.Decision.Verdict is AdmissionVerdict.KeyMissing or AdmissionVerdict.KeyMalformed or AdmissionVerdict.KeyUnknown && !unknown.TryTake(call.Client, out var seconds))
        {
            problem = Refusals.AddressLimited(seconds);
            limits.WriteAddressLimit(call.Context.Response.Headers, unknown.PerMinute, seconds);
        }
        metrics.UnknownKey(call, problem);
        return ProblemWriter.SendAsync(call.Context, problem);
    }
}
