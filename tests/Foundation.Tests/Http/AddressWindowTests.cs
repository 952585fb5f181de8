using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Http;

public sealed class AddressWindowTests
{
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    public void Window_WhosePermitsAreAllBack_IsIdleAndMayBeDropped(int minutes)
    {
        var window = new AddressWindow(3, TimeSpan.FromMinutes(minutes), _clock);
        _clock.Advance(TimeSpan.FromSeconds(1));
        window.AttemptAcquire().IsAcquired.ShouldBeTrue();
        window.IdleDuration.ShouldBeNull();

        _clock.Advance(TimeSpan.FromMinutes(minutes));
        // What drops them asks many times, and that it asks changes nothing.
        for (var second = 0; second < 15; second++)
        {
            _ = window.IdleDuration;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        window.IdleDuration.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.FromSeconds(10));
    }
}
