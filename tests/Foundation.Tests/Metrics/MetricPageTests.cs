using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Metrics;

public sealed class MetricPageTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Labels_AreEscapedAndComeBackAsTheyWere(bool openMetrics)
    {
        const string value = "a\"b\\c\nd{e},f=\"g\" é";
        var page = new MetricPage(openMetrics);
        page.Gauges("tollgate_test", "Help with a \\ and a\nline's end.");
        page.Add(1, ("label", value), ("other", ""));
        page.Add(2);
        var read = Exposition.Parse(page.ToString(), openMetrics);
        read.Value("tollgate_test", ("label", value), ("other", "")).ShouldBe(1);
        read.Value("tollgate_test").ShouldBe(2);
        read.Families["tollgate_test"].Help.ShouldBe("Help with a \\\\ and a\\nline's end.");
    }

    [Fact]
    public void TextFormat_IsWrittenAsTheFormatSays() => Page(openMetrics: false).ShouldBe(
        """
        # HELP tollgate_events_total Events.
        # TYPE tollgate_events_total counter
        tollgate_events_total 9007199254740992
        # HELP tollgate_wait_seconds Waits, "all" of them.
        # TYPE tollgate_wait_seconds histogram
        tollgate_wait_seconds_bucket{kind="a",le="0.005"} 1
        tollgate_wait_seconds_bucket{kind="a",le="1"} 3
        tollgate_wait_seconds_bucket{kind="a",le="+Inf"} 6
        tollgate_wait_seconds_sum{kind="a"} 7.25
        tollgate_wait_seconds_count{kind="a"} 6

        """);

    [Fact]
    public void OpenMetrics_IsWrittenAsTheFormatSays() => Page(openMetrics: true).ShouldBe(
        """
        # HELP tollgate_events Events.
        # TYPE tollgate_events counter
        tollgate_events_total 9007199254740992
        # HELP tollgate_wait_seconds Waits, \"all\" of them.
        # TYPE tollgate_wait_seconds histogram
        tollgate_wait_seconds_bucket{kind="a",le="0.005"} 1
        tollgate_wait_seconds_bucket{kind="a",le="1.0"} 3
        tollgate_wait_seconds_bucket{kind="a",le="+Inf"} 6
        tollgate_wait_seconds_sum{kind="a"} 7.25
        tollgate_wait_seconds_count{kind="a"} 6
        # EOF

        """);

    [Theory]
    [InlineData("tollgate_x 1")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1\na 2\n")]
    [InlineData("# HELP a b\n# TYPE a counter\na 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{l=\"x\",l=\"y\"} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{l=\"\\x\"} 1\n")]
    [InlineData("# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n")]
    [InlineData("# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\n# HELP a b\n# TYPE a gauge\n")]
    public void TheReader_RefusesWhatIsWrong(string page) => Should.Throw<FormatException>(() => Exposition.Parse(page));

    private static string Page(bool openMetrics)
    {
        var page = new MetricPage(openMetrics);
        page.Counter("tollgate_events", "Events.", 9007199254740992);
        page.Histograms("tollgate_wait_seconds", "Waits, \"all\" of them.");
        page.AddHistogram([0.005, 1], [1, 2, 3], 7.25, ("kind", "a"));
        return page.ToString();
    }
}
