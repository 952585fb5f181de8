using Tollgate.Host.Startup;

namespace Tollgate.Host.Tests;

public sealed class FileMappingTests
{
    [Theory]
    [InlineData("7f2a60000000-7f2a60200000 r--s 00000000 fe:01 123                        /opt/toll gate/Npgsql.dll", true)]
    [InlineData("7f2a60000000-7f2a60200000 r-xp 00000000 fe:01 123                        /opt/toll gate/Npgsql.dll", false)]
    public void TryParse_FilesThatAreOnlyRead_AreTaken(string line, bool shared)
    {
        FileMapping.TryParse(line, out var mapping).ShouldBeTrue();
        mapping.ShouldBe(new FileMapping(0x7f2a60000000UL, 0x7f2a60200000UL, shared, "/opt/toll gate/Npgsql.dll"));
    }

    [Theory]
    [InlineData("7f2a60000000-7f2a60200000 r--p 00000000 fe:01 123                        /opt/tollgate/Npgsql.dll")]
    [InlineData("7f2a60000000-7f2a60200000 rw-s 00000000 fe:01 123                        /data/journal/00000001.seg")]
    [InlineData("7f2a60000000-7f2a60200000 r-xs 00000000 00:01 123                        /memfd:doublemapper (deleted)")]
    [InlineData("7f2a60000000-7f2a60200000 rw-p 00000000 00:00 0 ")]
    [InlineData("7ffd1c000000-7ffd1c200000 r-xp 00000000 00:00 0                          [vdso]")]
    [InlineData("")]
    [InlineData("r--s /no-range")]
    [InlineData("7f2a60000000-7f2a60200000 /")]
    public void TryParse_Else_IsNot(string line) => FileMapping.TryParse(line, out _).ShouldBeFalse();
}
