BeforeDiscovery {
    . $PSScriptRoot/TestSupport.ps1
    $cmdlets = Get-Command -Module CryoBackup -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } }
}

BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    $moduleFolder = Split-Path -Path $ModulePath
}

Describe 'The module as built' {
    It 'has a manifest that Test-ModuleManifest accepts, with the version of Directory.Build.props' {
        $version = ([xml] (Get-Content -LiteralPath (Join-Path $PSScriptRoot '../Directory.Build.props') -Raw)).Project.PropertyGroup.Version
        (Test-ModuleManifest -Path $ModulePath).Version | Should -Be $version
    }

    It 'exports its ten cmdlets and the name of the tool, and nothing else' {
        $module = Get-Module -Name CryoBackup
        $module.ExportedCommands.Keys | Sort-Object | Should -Be @(
            'Copy-CryoBackup', 'cryobackup', 'Get-CryoBackup', 'New-CryoBackup', 'New-CryoBackupConfiguration', 'Protect-CryoBackup', 'Remove-CryoBackup',
            'Restore-CryoBackup', 'Test-CryoBackup', 'Test-CryoBackupConfiguration', 'Unprotect-CryoBackup')
        $module.ExportedFunctions.Keys | Should -Be 'cryobackup'
        $module.ExportedVariables.Count | Should -Be 0
        $module.ExportedAliases.Count | Should -Be 0
    }

    It 'keeps the engine and its packages apart from what PowerShell loads' {
        Get-ChildItem -LiteralPath $moduleFolder -Filter *.dll | ForEach-Object Name | Should -Be 'CryoBackup.dll'
        foreach ($framework in 'net8.0', 'net10.0') {
            $names = Get-ChildItem -LiteralPath (Join-Path $moduleFolder "bin/engine/$framework") -File | ForEach-Object Name
            foreach ($wanted in 'CryoBackup.Engine.dll', 'Npgsql.dll', 'YamlDotNet.dll', 'System.IO.Hashing.dll', 'MailKit.dll', 'MimeKit.dll', 'ZstdSharp.dll') {
                $names | Should -Contain $wanted
            }

            # What signs and encrypts mails is 5 MB that no mail of ours needs.
            $names | Should -Not -Contain 'BouncyCastle.Cryptography.dll'
            $names | Should -Not -Contain 'System.Security.Cryptography.Pkcs.dll'
            $names | Should -Not -Contain 'CryoBackup.dll'
            $names | Should -Not -Contain 'System.Management.Automation.dll'
        }
    }
}

Describe 'Conventions of <Name>' -ForEach $cmdlets {
    BeforeAll {
        $command = Get-Command -Name $Name
        $own = $command.Parameters.Values | Where-Object Name -NotIn $CommonParameters
    }

    It 'says what it emits' {
        $command.OutputType.Count | Should -BeGreaterThan 0
    }

    It 'asks before it changes anything, if it changes anything' {
        $command.Parameters.ContainsKey('WhatIf') | Should -Be ($command.Verb -in 'Copy', 'New', 'Protect', 'Remove', 'Restore', 'Unprotect')
    }

    It 'has one parameter a set that takes the pipeline by value' {
        foreach ($set in $command.ParameterSets) {
            @($set.Parameters | Where-Object ValueFromPipeline).Count | Should -BeLessOrEqual 1
        }
    }

    It 'offers LiteralPath wherever Path takes wildcards' {
        $wildcards = $own | Where-Object { $_.Name -eq 'Path' -and ($_.Attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }) }
        if ($wildcards) {
            $command.Parameters.Keys | Should -Contain 'LiteralPath'
            $command.Parameters['LiteralPath'].Aliases | Should -Be @('PSPath', 'LP')
        }
        else {
            $command.Parameters.Keys | Should -Not -Contain 'LiteralPath'
        }
    }

    It 'has switches instead of booleans' {
        ($own | Where-Object { $_.ParameterType -eq [bool] }) | Should -BeNullOrEmpty
    }

    It 'has the connection parameters only if it meets a server' {
        $command.Parameters.ContainsKey('ComputerName') | Should -Be ($command.Name -in 'New-CryoBackup', 'Test-CryoBackup', 'Restore-CryoBackup')
        if ($command.Parameters.ContainsKey('ComputerName')) {
            $command.Parameters['ComputerName'].Aliases | Should -Be @('Host', 'HostName', 'Server')
            foreach ($parameter in @(if ($command.Verb -ne 'New') { 'ComputerName', 'Port' }) + 'Credential', 'SslMode') {
                $command.Parameters[$parameter].ParameterSets.Values | Where-Object { $_.ValueFromPipeline -or $_.ValueFromPipelineByPropertyName } | Should -BeNullOrEmpty
            }
        }
    }
}

Describe 'Import' {
    It 'works twice with -Force, and again after a removal' {
        $lines = Invoke-FreshShell "
            Import-Module '$ModulePath'; Import-Module '$ModulePath' -Force; Import-Module '$ModulePath' -Force
            (Test-CryoBackup -LiteralPath '/no such file').Verdict
            Remove-Module CryoBackup; Import-Module '$ModulePath'
            (Test-CryoBackup -LiteralPath '/no such file').Verdict"
        $lines | Should -Be @('Failed', 'Failed')
    }

    It 'is silent' {
        Invoke-FreshShell "Import-Module '$ModulePath' -Force -WarningAction Stop" | Should -BeNullOrEmpty
    }

    It 'leaves one handler while imported and none after a removal' {
        $lines = Invoke-FreshShell "
            function Measure-Handler {
                `$field = [System.Runtime.Loader.AssemblyLoadContext].GetField('_resolving', 'NonPublic, Instance')
                if (-not `$field) { throw 'The runtime keeps its handlers elsewhere: this test must learn where.' }
                `$handlers = `$field.GetValue([System.Runtime.Loader.AssemblyLoadContext]::Default)
                @(if (`$handlers) { `$handlers.GetInvocationList() | Where-Object { `$_.Method.DeclaringType.Assembly.GetName().Name -eq 'CryoBackup' } }).Count
            }
            Import-Module '$ModulePath'; Import-Module '$ModulePath' -Force
            Measure-Handler
            Remove-Module CryoBackup
            Measure-Handler"
        $lines | Should -Be @('1', '0')
    }

    It 'in one runspace survives a removal in another' {
        $lines = Invoke-FreshShell "
            Import-Module '$ModulePath'
            `$other = [powershell]::Create().AddScript({ param(`$Path) Import-Module `$Path; Remove-Module CryoBackup }).AddArgument('$ModulePath')
            `$null = `$other.Invoke(); if (`$other.HadErrors) { throw `$other.Streams.Error[0] }
            (Test-CryoBackup -LiteralPath '/no such file').Verdict"
        $lines | Should -Be 'Failed'
    }

    It 'happens by itself at the first use' {
        $root = Join-Path $TestDrive 'modules'
        $null = New-Item -ItemType Directory -Path $root
        Copy-Item -LiteralPath $moduleFolder -Destination (Join-Path $root 'CryoBackup') -Recurse
        $lines = Invoke-FreshShell "
            `$env:PSModulePath = '$root' + [System.IO.Path]::PathSeparator + `$env:PSModulePath
            (Get-Command New-CryoBackup).Source
            (Test-CryoBackup -LiteralPath '/no such file').Verdict"
        $lines | Should -Be @('CryoBackup', 'Failed')
    }

    It 'says of a failure that nobody foresaw what it was, as Unexpected' {
        # An installation that a full disk cut short: no error of ours, and none that could be foreseen.
        $copy = Join-Path $TestDrive 'torn'
        Copy-Item -LiteralPath $moduleFolder -Destination $copy -Recurse
        Get-ChildItem -LiteralPath $copy -Recurse -Filter Npgsql.dll | Clear-Content
        Initialize-TestDatabase cryo_torn 10
        $whole = New-CryoBackup cryo_torn -Path (Join-Path $TestDrive 'before it was torn')
        Clear-TestDatabase cryo_torn
        $lines = Invoke-FreshShell "
            Import-Module '$copy/CryoBackup.psd1'
            Test-CryoBackup '$($whole.Path)' -Level Restore -ComputerName '$env:PGHOST' -Force -ErrorVariable problem -ErrorAction SilentlyContinue
            `$problem[0].FullyQualifiedErrorId.Split(',')[0]
            `$problem[0].Exception.Message"
        $lines[0] | Should -Be 'Unexpected'
        $lines[1] | Should -BeLike '*Npgsql*'
    }

    It 'neither disturbs nor is disturbed by another YamlDotNet that was loaded first' {
        $foreign = Join-Path $PSScriptRoot '../output/build/bin/ForeignYamlDotNet/*/YamlDotNet.dll' | Get-ChildItem | Select-Object -First 1
        $foreign | Should -Not -BeNullOrEmpty
        $folder = Join-Path $TestDrive 'yaml'
        Initialize-TestDatabase cryo_yaml
        $lines = Invoke-FreshShell "
            Add-Type -LiteralPath '$($foreign.FullName)'
            `$before = [YamlDotNet.Serialization.Deserializer].Assembly.GetName().Version
            Import-Module '$ModulePath'
            `$backup = New-CryoBackup cryo_yaml -Path '$folder'
            (`$backup | Test-CryoBackup).Verdict
            `$context = [System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext(`$backup.GetType().Assembly)
            `$context -eq [System.Runtime.Loader.AssemblyLoadContext]::Default
            `$ours = `$context.LoadFromAssemblyName([System.Reflection.AssemblyName] 'YamlDotNet').GetName().Version
            `$ours -gt `$before
            [YamlDotNet.Serialization.Deserializer].Assembly.GetName().Version -eq `$before
            [YamlDotNet.Serialization.Deserializer]::new().Deserialize('[1, 2]', [int[]]) -join ','"
        $lines | Should -Be @('Passed', 'False', 'True', 'True', '1,2')
    }

    AfterAll {
        Clear-TestDatabase cryo_yaml
    }
}

Describe 'cryobackup at the prompt' {
    BeforeAll {
        $modules = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'at the prompt')).FullName
        Copy-Item -LiteralPath (Get-Module CryoBackup).ModuleBase -Destination (Join-Path $modules 'CryoBackup') -Recurse
        $begin = "`$env:PSModulePath = '$modules' + [System.IO.Path]::PathSeparator + `$env:PSModulePath"
        $other = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'other')).FullName
        $dotnet = Split-Path -Path (Get-Command -Name dotnet -CommandType Application -TotalCount 1).Source
    }

    It 'is the tool in the module<When>' -ForEach @{ When = ''; First = '' }, @{ When = ', once it is imported too'; First = 'Import-Module CryoBackup' } {
        $lines = Invoke-FreshShell "
            $begin; `$env:PATH = '$dotnet'; $First
            cryobackup --version
            cryobackup list '$other' -d app --json 2>`$null; `$LASTEXITCODE
            cryobackup frob 2>`$null; `$LASTEXITCODE"
        $lines[0] | Should -Match '^\d+\.\d+\.\d+'
        $lines[1..3] | Should -Be '[]', '1', '2'
    }

    It 'as the first word of a session is not taken for Get-CryoBackup, but where an option looks like one of PowerShell''s' {
        $lines = Invoke-FreshShell "$begin; `$env:PATH = '$dotnet'; cryobackup list '$other' --all --json; (Get-Module CryoBackup).Name"
        # What the tool says beside its results comes too.
        @($lines | Where-Object { $_ -notlike 'cryobackup: warning: *' }) | Should -Be '[]', 'CryoBackup'
        $lines = Invoke-FreshShell "$begin; try { cryobackup list '$other' -Latest } catch { `$_.FullyQualifiedErrorId.Split(',')[0]; `$_.Exception.Message }"
        $lines[0] | Should -Be 'ConfigurationInvalid'
        $lines[1] | Should -BeLike "'cryobackup' is the tool*-Latest of Get-CryoBackup.*"
    }

    It 'is the one on the PATH where there is one' -Skip:$IsWindows {
        Set-Content -LiteralPath (Join-Path $other 'cryobackup') -Value "#!/bin/sh`necho mine: `"`$@`"; exit 7"
        chmod +x (Join-Path $other 'cryobackup')
        Invoke-FreshShell "$begin; `$env:PATH = '$other' + ':' + `$env:PATH; cryobackup a 'b c' --d; `$LASTEXITCODE" | Should -Be 'mine: a b c --d', '7'
    }

    It 'is never Get-CryoBackup: without .NET it says what is missing' {
        $empty = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'empty')).FullName
        $lines = Invoke-FreshShell "
            $begin; Import-Module CryoBackup; `$env:PATH = '$empty'
            try { cryobackup list '$other' } catch { `$_.FullyQualifiedErrorId; `$_.Exception.Message; `$_.ErrorDetails.RecommendedAction }"
        $lines[0] | Should -Be 'ToolNotFound'
        $lines[1] | Should -BeLike '*.NET runtime 10*'
        $lines[2] | Should -BeLike '*Install*'
    }
}

Describe 'Sizes, durations and moments in the views' {
    It 'shows <Bytes> bytes as <Text>' -ForEach @(
        @{ Bytes = 0; Text = '0 B' }
        @{ Bytes = 1023; Text = '1023 B' }
        @{ Bytes = 1024; Text = '1.0 KB' }
        @{ Bytes = 1048575; Text = '1.0 MB' }
        @{ Bytes = 1288490189; Text = '1.2 GB' }
        @{ Bytes = [long]::MaxValue; Text = '8.0 EB' }
    ) {
        [CryoBackup.Commands.Display]::Size($Bytes) | Should -Be $Text
    }

    It 'shows <Span> as <Text>' -ForEach @(
        @{ Span = '00:01:02.34'; Text = '1m 2s' }
        @{ Span = '00:00:59.96'; Text = '1m' }
        @{ Span = '1.02:03:04.5'; Text = '1d 2h' }
    ) {
        [CryoBackup.Commands.Display]::Duration($Span) | Should -Be $Text
    }

    It 'shows a moment in any culture alike' {
        [CryoBackup.Commands.Display]::Moment([datetime]::new(2026, 1, 31, 23, 59, 58, [System.DateTimeKind]::Utc)) | Should -Be '2026-01-31 23:59Z'
    }

    It 'shows in a list every property of its results, texts so that they act on no terminal' {
        [xml] $format = Get-Content -LiteralPath (Join-Path (Get-Module CryoBackup).ModuleBase CryoBackup.Format.ps1xml) -Raw
        $lists = $format.SelectNodes('//View[ListControl]')
        $lists.Count | Should -Be 9
        foreach ($view in $lists) {
            $type = (Get-Command Get-CryoBackup).OutputType[0].Type.Assembly.GetType($view.Name)
            $items = $view.SelectNodes('.//ListItem')
            $names = $items | ForEach-Object { ($_.SelectSingleNode('Label') ?? $_.SelectSingleNode('PropertyName')).InnerText }
            $names | Sort-Object | Should -Be @($type.GetProperties().Name | Sort-Object)
            foreach ($name in $view.SelectNodes('.//ListItem/PropertyName')) {
                $type.GetProperty($name.InnerText).PropertyType.FullName | Should -Not -BeLike '*String*'
            }
        }
    }
}
