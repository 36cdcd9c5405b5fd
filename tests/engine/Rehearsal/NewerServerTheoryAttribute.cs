using Xunit.Abstractions;
using Xunit.Sdk;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>A theory that needs servers of newer versions. They are looked for when a test of it runs,
/// not when the tests are listed.</summary>
[XunitTestCaseDiscoverer("CryoBackup.Tests.Rehearsal.NewerServerDiscoverer", "CryoBackup.Engine.Tests")]
public sealed class NewerServerTheoryAttribute : ServerTheoryAttribute
{
    public NewerServerTheoryAttribute() => Skip = ServerPrograms.ReasonToSkip;
}

/// <summary>Makes the test cases; named by the attribute.</summary>
public sealed class NewerServerDiscoverer(IMessageSink diagnosticMessageSink) : TheoryDiscoverer(diagnosticMessageSink)
{
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions,
        ITestMethod testMethod,
        IAttributeInfo theoryAttribute,
        object[] dataRow
    ) =>
        [
            new NewerServerTestCase(
                DiagnosticMessageSink,
                discoveryOptions.MethodDisplayOrDefault(),
                discoveryOptions.MethodDisplayOptionsOrDefault(),
                testMethod,
                dataRow
            ),
        ];
}

/// <summary>A test that finds out as it begins whether it is skipped.</summary>
public sealed class NewerServerTestCase : XunitTestCase
{
    [Obsolete("For xunit, which reads it back.")]
    public NewerServerTestCase() { }

    public NewerServerTestCase(
        IMessageSink sink,
        TestMethodDisplay display,
        TestMethodDisplayOptions options,
        ITestMethod method,
        object[] arguments
    )
        : base(sink, display, options, method, arguments) { }

    public override Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink,
        IMessageBus messageBus,
        object[] constructorArguments,
        ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource
    )
    {
        SkipReason ??= NewerServers.ReasonToSkip;
        return base.RunAsync(diagnosticMessageSink, messageBus, constructorArguments, aggregator, cancellationTokenSource);
    }
}
