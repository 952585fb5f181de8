using Tollgate.Gateway.Forwarding;
using Tollgate.Metering;

namespace Tollgate.Gateway.Answers;

/// <summary>Answers that the gateway gives to a known key itself: recorded like any other before they leave.</summary>
internal sealed class OwnAnswers(CallJournal journal, RateLimitHeaders limits)
{
    public async Task EndAsync(Call call, Problem problem, UsageOutcome outcome, RefusalReason reason, bool billable)
    {
        var context = call.Context;
        var body = ProblemWriter.Write(context, problem);
        call.CountOut(body.Length);
        try
        {
            await journal.AppendAsync(call, problem.Status, outcome, reason, billable).ConfigureAwait(false);
        }
        catch (JournalFullException)
        {
            if (billable)
                journal.GiveBack(call);
            problem = Refusals.JournalUnavailable;
            body = ProblemWriter.Write(context, problem);
        }
        call.Figures.Refused(problem);
        limits.Write(context.Response.Headers, call.Decision);
        await ProblemWriter.SendAsync(context, problem, body).ConfigureAwait(false);
    }
}
