using Tollgate.Admission.Limits;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Limits;

public sealed class AnchoredFrameTests
{
    [Theory]
    [InlineData("UTC")]
    [InlineData("America/St_Johns")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Pacific/Apia")]
    [InlineData("Africa/Monrovia")]
    public void Pack_AnyMonthOrYear_IsReadAsItWas(string zone)
    {
        var random = new Random(7);
        var place = TimeZoneInfo.FindSystemTimeZoneById(zone);
        for (var i = 0; i < 2000; i++)
        {
            var anchor = new DateTimeOffset(random.NextInt64(new DateTime(2000, 1, 1).Ticks, new DateTime(2030, 1, 1).Ticks), TimeSpan.Zero);
            var now = anchor.AddTicks(random.NextInt64(TimeSpan.FromDays(5000).Ticks));
            var interval = i % 2 == 0 ? PriceInterval.Month : PriceInterval.Year;
            var span = Calendar.Of(Window.BillingPeriod, anchor, interval, place, now);
            var word = AnchoredFrame.Pack(span.Start.UtcTicks, span.End.UtcTicks, anchor.UtcTicks, i % AnchoredFrame.Tags);
            AnchoredFrame.TryRead(word, anchor.UtcTicks, i % AnchoredFrame.Tags, out var start, out var end).ShouldBeTrue();
            (start, end).ShouldBe((span.Start.UtcTicks, span.End.UtcTicks));
            AnchoredFrame.TryRead(word, anchor.UtcTicks, (i + 1) % AnchoredFrame.Tags, out _, out _).ShouldBeFalse();
        }
    }

    [Fact]
    public void Pack_WhatDoesNotFit_IsNotKept()
    {
        var anchor = new DateTimeOffset(1960, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;
        var word = AnchoredFrame.Pack(anchor, anchor + TimeSpan.TicksPerDay * 31, anchor, 3);
        word.ShouldBe(AnchoredFrame.Empty(3));
        AnchoredFrame.TryRead(word, anchor, 3, out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Admit_YearlyPlanWithAMonthlyAllowance_HasBothWindows()
    {
        var node = new Node(Node.Deny(2, Window.Month), Node.Deny(3, Window.BillingPeriod));
        node.Apply(node.Entitlement with { Interval = PriceInterval.Year });
        var first = node.Call();
        Enumerable.Range(0, 3).Select(_ => node.Call().Admitted).ShouldBe([true, false, false]);
        node.Clock.Advance(TimeSpan.FromSeconds(first.Limits[0].ResetSeconds));
        Enumerable.Range(0, 3).Select(_ => node.Call().Admitted).ShouldBe([true, false, false]);
        node.Call().PeriodStartSeconds.ShouldBe(first.PeriodStartSeconds);
        node.Clock.Advance(TimeSpan.FromDays(367));
        Enumerable.Range(0, 3).Select(_ => node.Call().Admitted).ShouldBe([true, true, false]);
    }
}
