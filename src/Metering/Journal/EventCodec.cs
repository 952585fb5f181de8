using static Tollgate.Metering.Journal.JournalFormat;

namespace Tollgate.Metering.Journal;

/// <summary>A usage event as the bytes of a record, and back.</summary>
internal static unsafe class EventCodec
{
    private const int RequestId = RecordHeaderBytes;
    private const int Start = RequestId + 16;
    private const int Duration = Start + 8;
    private const int Upstream = Duration + 8;
    private const int Key = Upstream + 8;
    private const int Subscription = Key + 16;
    private const int Organization = Subscription + 16;
    private const int Provider = Organization + 16;
    private const int Api = Provider + 16;
    private const int Operation = Api + 16;
    private const int PeriodStart = Operation + 16;
    private const int BytesIn = PeriodStart + 8;
    private const int BytesOut = BytesIn + 8;
    private const int Client = BytesOut + 8;
    private const int Amounts = Client + 16;
    private const int PlanVersion = Amounts + 32;
    private const int ApiVersion = PlanVersion + 4;
    private const int Status = ApiVersion + 4;
    private const int Country = Status + 2;
    private const int Outcome = Country + 2;
    private const int Reason = Outcome + 1;
    private const int Billable = Reason + 1;
    private const int MethodLength = Billable + 1;
    private const int Meters = MethodLength + 1;
    private const int PathLength = Meters + 4;
    private const int Text = RecordHeaderBytes + EventFixedBytes;

    /// <summary>Writes kind, version, begin and event; length and checksum are left to the one who places it. Returns the record's length.</summary>
    public static int Encode(byte* record, JournalRecordKind kind, in UsageEvent usage)
    {
        WriteHeader(record, kind, -1);
        *(Guid*)(record + RequestId) = usage.RequestId;
        *(long*)(record + Start) = usage.StartMicros;
        *(Guid*)(record + Key) = usage.KeyId;
        *(Guid*)(record + Subscription) = usage.SubscriptionId;
        *(Guid*)(record + Organization) = usage.OrganizationId;
        *(Guid*)(record + Provider) = usage.ProviderOrganizationId;
        *(Guid*)(record + Api) = usage.ApiId;
        *(Guid*)(record + Operation) = usage.OperationId;
        *(long*)(record + PeriodStart) = usage.PeriodStartSeconds;
        *(ulong*)(record + Client) = (ulong)usage.ClientAddress;
        *(ulong*)(record + Client + 8) = (ulong)(usage.ClientAddress >> 64);
        *(int*)(record + PlanVersion) = usage.PlanVersion;
        *(int*)(record + ApiVersion) = usage.ApiVersion;
        *(ushort*)(record + Country) = usage.Country;
        PatchEnd(record, usage);
        var method = Cut(usage.Method.Span, MethodBytes);
        var path = Cut(usage.Path.Span, PathBytes);
        record[MethodLength] = (byte)method.Length;
        *(ushort*)(record + PathLength) = (ushort)path.Length;
        *(ushort*)(record + PathLength + 2) = 0;
        var end = Text + method.Length + path.Length;
        var length = (end + 7) & ~7;
        // The padding is under the checksum, and nothing of the stack may reach the file.
        if (length > Text)
            *(ulong*)(record + length - 8) = 0;
        method.CopyTo(new Span<byte>(record + Text, method.Length));
        path.CopyTo(new Span<byte>(record + Text + method.Length, path.Length));
        return length;
    }

    public static void WriteHeader(byte* record, JournalRecordKind kind, long begin)
    {
        *(ulong*)(record + KindAt) = (ulong)kind | (ulong)JournalFormat.Version << 8;
        *(long*)(record + BeginAt) = begin;
    }

    /// <summary>The fields that an end replaces.</summary>
    public static void PatchEnd(byte* record, in UsageEvent usage)
    {
        *(long*)(record + Upstream) = usage.UpstreamMicros;
        *(short*)(record + Status) = usage.Status;
        record[Outcome] = (byte)usage.Outcome;
        record[Reason] = (byte)usage.Reason;
        record[Billable] = usage.Billable ? (byte)1 : (byte)0;
        PatchAmounts(record, usage.DurationMicros, usage.BytesIn, usage.BytesOut, usage.Amounts);
    }

    public static void PatchAmounts(byte* record, long durationMicros, long bytesIn, long bytesOut, in MeterAmounts amounts)
    {
        *(long*)(record + Duration) = durationMicros;
        *(long*)(record + BytesIn) = bytesIn;
        *(long*)(record + BytesOut) = bytesOut;
        WriteAmounts(record + Amounts, record + Meters, amounts);
    }

    public static void PatchInterrupted(byte* record) => record[Outcome] = (byte)UsageOutcome.Interrupted;

    public static int EncodeCheckpoint(byte* record, long begin, long durationMicros, long bytesIn, long bytesOut, in MeterAmounts amounts)
    {
        WriteHeader(record, JournalRecordKind.Checkpoint, begin);
        var body = record + RecordHeaderBytes;
        *(long*)body = durationMicros;
        *(long*)(body + 8) = bytesIn;
        *(long*)(body + 16) = bytesOut;
        *(ulong*)(body + 56) = 0;
        WriteAmounts(body + 24, body + 56, amounts);
        return CheckpointRecord;
    }

    /// <summary>Copies the amounts of a checkpoint record into the record of its begin.</summary>
    public static void ApplyCheckpoint(byte* begin, byte* checkpoint)
    {
        var body = checkpoint + RecordHeaderBytes;
        PatchAmounts(begin, *(long*)body, *(long*)(body + 8), *(long*)(body + 16), ReadAmounts(body + 24, body + 56));
    }

    public static bool IsBillable(byte* record) => record[Billable] != 0;

    public static Guid SubscriptionOf(byte* record) => *(Guid*)(record + Subscription);

    public static long StartOf(byte* record) => *(long*)(record + Start);

    public static MeterAmounts AmountsOf(byte* record) => ReadAmounts(record + Amounts, record + Meters);

    public static UsageEvent DecodeCheckpoint(byte* record)
    {
        var body = record + RecordHeaderBytes;
        return new UsageEvent
        {
            DurationMicros = *(long*)body,
            BytesIn = *(long*)(body + 8),
            BytesOut = *(long*)(body + 16),
            Amounts = ReadAmounts(body + 24, body + 56),
        };
    }

    public static UsageEvent Decode(byte* record, int length, TextBlocks texts)
    {
        // A checksum says that the bytes are as written, not that the writer was right: the lengths are bounded all the same.
        var method = Math.Min((int)record[MethodLength], length - Text);
        var path = Math.Min((int)*(ushort*)(record + PathLength), length - Text - method);
        return new UsageEvent
        {
            RequestId = *(Guid*)(record + RequestId),
            StartMicros = *(long*)(record + Start),
            DurationMicros = *(long*)(record + Duration),
            UpstreamMicros = *(long*)(record + Upstream),
            KeyId = *(Guid*)(record + Key),
            SubscriptionId = *(Guid*)(record + Subscription),
            OrganizationId = *(Guid*)(record + Organization),
            ProviderOrganizationId = *(Guid*)(record + Provider),
            ApiId = *(Guid*)(record + Api),
            OperationId = *(Guid*)(record + Operation),
            PeriodStartSeconds = *(long*)(record + PeriodStart),
            BytesIn = *(long*)(record + BytesIn),
            BytesOut = *(long*)(record + BytesOut),
            ClientAddress = new UInt128(*(ulong*)(record + Client + 8), *(ulong*)(record + Client)),
            Amounts = ReadAmounts(record + Amounts, record + Meters),
            PlanVersion = *(int*)(record + PlanVersion),
            ApiVersion = *(int*)(record + ApiVersion),
            Status = *(short*)(record + Status),
            Country = *(ushort*)(record + Country),
            Outcome = (UsageOutcome)record[Outcome],
            Reason = (RefusalReason)record[Reason],
            Billable = IsBillable(record),
            Method = texts.Copy(new ReadOnlySpan<byte>(record + Text, method)),
            Path = texts.Copy(new ReadOnlySpan<byte>(record + Text + method, path)),
        };
    }

    private static void WriteAmounts(byte* amounts, byte* meters, in MeterAmounts values)
    {
        for (var i = 0; i < 4; i++)
        {
            ((long*)amounts)[i] = values[i].Amount;
            meters[i] = values[i].Meter;
        }
    }

    private static MeterAmounts ReadAmounts(byte* amounts, byte* meters)
    {
        var values = new MeterAmounts();
        for (var i = 0; i < 4; i++)
            values[i] = new MeterAmount(meters[i], ((long*)amounts)[i]);
        return values;
    }

    // At a character's boundary: a continuation byte at the cut means that its character began before.
    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text, int maximum)
    {
        if (text.Length <= maximum)
            return text;
        var cut = maximum;
        while (cut > maximum - 4 && (text[cut] & 0xC0) == 0x80)
            cut--;
        return text[..((text[cut] & 0xC0) == 0x80 ? maximum : cut)];
    }
}
