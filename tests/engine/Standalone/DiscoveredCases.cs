using Xunit.Abstractions;

namespace CryoBackup.Tests.Standalone;

/// <summary>Takes the test cases that are found.</summary>
internal sealed class DiscoveredCases : LongLivedMarshalByRefObject, IMessageSink, IDisposable
{
    /// <summary>What was found.</summary>
    public List<ITestCase> Cases { get; } = [];

    /// <summary>Set when all is found.</summary>
    public ManualResetEvent Finished { get; } = new(initialState: false);

    /// <inheritdoc/>
    public bool OnMessage(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestCaseDiscoveryMessage found:
                Cases.Add(found.TestCase);
                break;
            case IDiscoveryCompleteMessage:
                Finished.Set();
                break;
        }

        return true;
    }

    public void Dispose() => Finished.Dispose();
}
