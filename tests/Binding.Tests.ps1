# What the cmdlets emit goes on through the pipe, whatever way it took meanwhile; what is no object any more is answered by what it is.
BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_bind 50
    $folder = Join-Path $TestDrive 'backups'
    $backup = New-CryoBackup cryo_bind -Path $folder
    $made = @{
        New     = $backup
        Get     = Get-CryoBackup $folder
        Copy    = Copy-CryoBackup $backup.Path (Join-Path $TestDrive 'copies')
        Test    = Test-CryoBackup $backup.Path
        Restore = Restore-CryoBackup $backup.Path -TargetDatabase cryo_bind_copy -Create -PlanOnly
    }
    $ways = @{
        'as it is'            = { param($Object) $Object }
        'Select-Object'       = { param($Object) $Object | Select-Object Path }
        'ConvertTo-Json'      = { param($Object) $Object | ConvertTo-Json -Depth 5 | ConvertFrom-Json }
        'Export-Csv'          = { param($Object) $Object | Export-Csv (Join-Path $TestDrive 'o.csv'); Import-Csv (Join-Path $TestDrive 'o.csv') }
        'Export-Clixml'       = { param($Object) $Object | Export-Clixml (Join-Path $TestDrive 'o.xml'); Import-Clixml (Join-Path $TestDrive 'o.xml') }
        'Start-Job'           = { param($Object) Start-Job { $using:Object } | Receive-Job -Wait -AutoRemoveJob }
        'PSSerializer'        = { param($Object) [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Object, 3)) }
    }
}

AfterAll {
    Clear-TestDatabase cryo_bind
}

Describe 'What <Cmdlet>-CryoBackup emits' -ForEach @('New', 'Get', 'Copy', 'Test', 'Restore' | ForEach-Object { @{ Cmdlet = $_ } }) {
    It 'goes on after <_>' -ForEach 'as it is', 'Select-Object', 'ConvertTo-Json', 'Export-Csv', 'Export-Clixml', 'Start-Job', 'PSSerializer' {
        $object = & $ways[$_] $made[$Cmdlet]
        $object | Should -HaveCount 1
        $verdict = $object | Test-CryoBackup -Level Hash
        $verdict.Verdict | Should -Be 'Passed'
        $verdict.Path | Should -Be $made[$Cmdlet].Path
        ($object | Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create -PlanOnly).Status | Should -Be 'Planned'
    }
}

Describe 'The pipe' {
    It 'answers <What> by what it is, once, and proves or restores nothing' -ForEach @(
        @{ What = 'objects formatted for the screen'; Piped = { $backup | Format-Table }; Expected = '*formatted for the screen*' }
        @{ What = 'objects as text'; Piped = { "$($backup | Select-Object Path)" }; Expected = '*is the text of an object*' }
        @{ What = 'a printed table'; Piped = { $backup | Out-String }; Expected = '*text of a table*' }
        @{ What = 'a hashtable'; Piped = { @{ Path = $backup.Path } }; Expected = '*name of a type*' }
    ) {
        foreach ($command in { Test-CryoBackup }, { Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create }, { Copy-CryoBackup -Destination $TestDrive }, { New-CryoBackup -Path $TestDrive }) {
            $failure = $null
            try { & $Piped | & ([scriptblock]::Create("`$input | $command")) } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ConfigurationInvalid,*' -Because "$command"
            $failure.Exception.Message | Should -BeLike $Expected
            $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
    }

    It 'reads a verdict from a sheet as what it says' {
        $made.Test | Select-Object Path, @{ Name = 'IsValid'; Expression = { $false } } | Export-Csv (Join-Path $TestDrive 'bad.csv')
        { Import-Csv (Join-Path $TestDrive 'bad.csv') | Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create -PlanOnly -ErrorAction Stop } |
            Should -Throw -ErrorId 'VerificationNotPassed,*'
    }

    It 'takes brackets in the name of what is there as they are' {
        $file = Copy-Backup $backup (Join-Path $TestDrive 'odd[1]')
        ([pscustomobject] @{ Path = $file } | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }
}

Describe 'A connection' {
    It 'may be named as a URI, whose password is shown nowhere' {
        $server = [uri]::EscapeDataString($env:PGHOST)
        $said = New-CryoBackup -ComputerName "postgresql://${env:PGUSER}:geheim@${server}:${env:PGPORT}/cryo_bind?sslmode=prefer" -Path (Join-Path $TestDrive 'uri') -Verbose *>&1
        $made = $said | Where-Object { $_.PSObject.TypeNames[0] -eq 'CryoBackup.BackupInfo' }
        $made.Database | Should -Be 'cryo_bind'
        $made.ComputerName | Should -Be $env:PGHOST
        ($said | Out-String) + (Get-Content -Raw $made.ManifestPath) | Should -Not -Match 'geheim'
    }

    It 'that is no URI is told without its password: <_>' -ForEach 'postgresql://u:geheim@h:x/app', 'postgresql://u:geheim@h/app?foo=1', 'postgresql://u@h/app?sslmode=strong&password=geheim', 'postgresql://u:geheim@a:1,b:2/app' {
        $failure = { New-CryoBackup app -ComputerName $_ -Path $TestDrive } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -PassThru
        "$failure $($failure.TargetObject) $($failure.ErrorDetails.RecommendedAction)" | Should -Not -Match 'geheim'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*postgresql://user@host*'
    }

    It 'takes SSL modes in libpq''s words too: <_>' -ForEach 'verify-full', 'VerifyFull', 'verify-ca', 'require' {
        New-CryoBackup app -Path $TestDrive -SslMode $_ -WhatIf
    }

    It 'is told how to name several databases' {
        $list = { New-CryoBackup 'a,b' -Path $TestDrive -ErrorAction Stop } | Should -Throw -PassThru
        $list.ErrorDetails.RecommendedAction | Should -BeLike '*as a list*-File*'
    }
}

Describe 'Preferred values of parameters' {
    It 'break nothing' {
        $PSDefaultParameterValues = @{ '*-CryoBackup:ComputerName' = $env:PGHOST; '*-CryoBackup:Port' = [int] $env:PGPORT; '*-CryoBackup:SslMode' = 'prefer'; '*-CryoBackup:Quiet' = $false }
        $made = New-CryoBackup cryo_bind -Path (Join-Path $TestDrive 'preferred')
        ($made | Test-CryoBackup).Verdict | Should -Be 'Passed'
        (Get-CryoBackup (Join-Path $TestDrive 'preferred')).Path | Should -Be $made.Path
        ($made | Restore-CryoBackup -TargetDatabase cryo_bind_copy -Create -PlanOnly).Status | Should -Be 'Planned'
        ($made | Copy-CryoBackup -Destination (Join-Path $TestDrive 'preferred copies')).Database | Should -Be 'cryo_bind'
        $elsewhere = 'elsewhere'
        { Test-CryoBackup $made.Path -ComputerName $elsewhere } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
    }
}
