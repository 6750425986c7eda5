`timescale 1ns/1ps
module tb; reg clk=0; reg rst=1; always #5 clk=~clk; reg [7:0] x=0; wire [23:0] o; wire v,r; integer n=0;
mac dut(.clk(clk),.rst(rst),.i__payload(x),.i__valid(1'b1),.i__ready(r),.o__payload(o),.o__valid(v),.o__ready(1'b1));
always @(posedge clk) begin x<=x+7; n<=n+1; rst<=0; if(n==1000000) begin $display("%h",o); $finish; end end endmodule
