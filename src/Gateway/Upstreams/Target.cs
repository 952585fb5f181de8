namespace Tollgate.Gateway.Upstreams;

/// <summary>One server of an API as the path needs it: immutable but for its <see cref="Health"/>, which the next version of the API goes on with.</summary>
internal sealed class Target
{
    private readonly PassiveHealth _passive;
    private readonly bool _balanced;
    private readonly TimeProvider _clock;

    public Target(UpstreamPlan plan, int index, TargetHealth health, TimeProvider clock)
    {
        var (url, weight) = plan.Targets[index];
        (Url, Weight, Index, Health) = (url, weight, index, health);
        Origin = url.GetLeftPart(UriPartial.Authority);
        BasePath = url.AbsolutePath.TrimEnd('/');
        IsPlain = url.Scheme == Uri.UriSchemeHttp;
        Check = plan.Check;
        (_passive, _balanced, _clock) = (plan.Passive, plan.Targets.Count > 1, clock);
        // What is not looked at any more would still be there when it is looked at again.
        if (Check is null)
            health.ForgetChecks();
        if (!_balanced)
            health.Return();
    }

    public Uri Url { get; }

    public string Origin { get; }

    public string BasePath { get; }

    /// <summary>Without TLS a target is spoken to in HTTP/1.1; with it, in what the two ends agree on.</summary>
    public bool IsPlain { get; }

    public int Weight { get; }

    public int Index { get; }

    /// <summary>Its place in a set of targets.</summary>
    public uint Bit => 1u << Index;

    public HealthCheck? Check { get; }

    public TargetHealth Health { get; }

    /// <summary>Calls may go there as they come. A target alone never rests: there is nobody to go to instead.</summary>
    public bool IsUp => !IsDown && !IsResting;

    public bool IsDown => Check is not null && Health.IsDown;

    public bool IsResting => _balanced && Health.RestUntil != 0;

    /// <summary>When its rest is over and a call will try it; null when it does not rest.</summary>
    public DateTimeOffset? RestingUntil => IsResting ? _clock.GetUtcNow() + _clock.GetElapsedTime(_clock.GetTimestamp(), Health.RestUntil) : null;

    /// <summary>Not 0 for the one call that shall try it, when its rest is over: by this it will be known as that.</summary>
    public long ClaimTrial()
    {
        var until = Health.RestUntil;
        if (until == 0 || IsDown)
            return 0;
        var now = _clock.GetTimestamp();
        var next = now + CoolOff(Health.Rests);
        return now >= until && Health.TryClaimTrial(until, next) ? next : 0;
    }

    /// <summary>The head of an answer is there.</summary>
    public void Answered(int status, long trial = 0)
    {
        if (_passive.GatewayErrors && status is 502 or 503 or 504)
            Failed(TargetFailure.GatewayError, trial);
        else if (trial != 0)
            Health.Return();
        else
            Health.Succeeded();
    }

    /// <summary>A call got no answer here. True when the target rests from now on.</summary>
    public bool Failed(TargetFailure reason, long trial = 0)
    {
        Note(reason);
        if (trial != 0 && Health.TryRestAgain(trial, _clock.GetTimestamp() + CoolOff(Health.Rests + 1)))
            return true;
        return Health.RestUntil == 0 && Health.Fail() >= _passive.Failures && Health.TryRest(_clock.GetTimestamp() + CoolOff(1));
    }

    /// <summary>For whoever looks; it changes nothing.</summary>
    public void Note(TargetFailure reason, string? detail = null) => Health.Last = new LastFailure(_clock.GetUtcNow(), reason, detail);

    /// <summary>A check has ended. True when it turned the target's health.</summary>
    public bool Checked(HealthCheck check, string? failure)
    {
        if (failure is not null)
            Note(TargetFailure.CheckFailed, failure);
        var down = failure is not null;
        if (down == Health.IsDown)
        {
            Health.Contrary = 0;
            return false;
        }
        if (++Health.Contrary < (down ? check.UnhealthyAfter : check.HealthyAfter))
            return false;
        Health.Contrary = 0;
        Health.SetDown(down);
        return true;
    }

    // Twice as long with each rest, up to the maximum.
    private long CoolOff(int rests)
    {
        var seconds = Math.Min(_passive.MaxCoolOffSeconds, (long)_passive.CoolOffSeconds << Math.Clamp(rests - 1, 0, 20));
        return seconds * _clock.TimestampFrequency;
    }
}

/// <summary>Where a call goes. None (the default) is told nothing: the target is the only one.</summary>
/// <param name="Target">The server.</param>
/// <param name="Trial">Not 0: the call finds out whether a rest is over.</param>
internal readonly record struct Attempt(Target? Target, long Trial)
{
    public void Answered(int status) => Target?.Answered(status, Trial);
}
